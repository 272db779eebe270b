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

active_customers as (

    select customer_id
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current and recency_days <= {{ var("activity_days") }}

),

-- Who buys does not churn: one model says both.
with_churn as (

    select
        target,
        customer_id,
        model,
        probability
    from scores
    union all
    select
        'churn' as target,
        scores.customer_id,
        scores.model,
        1 - scores.probability as probability
    from scores
    inner join active_customers on scores.customer_id = active_customers.customer_id
    where scores.target = 'purchase'

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
    from with_churn

)

select * from customer_propensities
