with

reasons as (

    select
        target,
        model,
        customer_id,
        feature,
        contribution,
        reason_rank
    from {{ ref("int_customer_value__propensity_reasons") }}

),

propensity_reasons as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,
        cast(model as {{ dbt.type_string() }}) as model,
        cast(feature as {{ dbt.type_string() }}) as feature,
        cast(
            case when contribution > 0 then 'raises' else 'lowers' end
            as {{ dbt.type_string() }}
        ) as effect,

        ---------- numerics
        cast(reason_rank as {{ dbt.type_int() }}) as reason_rank,
        cast(contribution as {{ type_double() }}) as contribution
    from reasons

)

select * from propensity_reasons
