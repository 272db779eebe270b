with

scores as (

    select
        target,
        customer_id,
        model,
        probability
    from {{ ref("int_customer_value__propensity_scores") }}
    where fold = 'current' and is_selected

),

customer_propensities as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(probability as {{ type_double() }}) as probability,
        cast(
            row_number() over (
                partition by target order by probability desc, customer_id asc
            ) as {{ dbt.type_bigint() }}
        ) as probability_rank
    from scores

)

select * from customer_propensities
