with

fitted as (

    select
        target,
        model,
        feature,
        estimate,
        is_selected
    from {{ ref("fit_customer_value__propensity") }}
    where kind = 'importance'

),

propensity_importance as (

    select
        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,
        cast(model as {{ dbt.type_string() }}) as model,
        cast(feature as {{ dbt.type_string() }}) as feature,

        ---------- numerics
        cast(estimate as {{ type_double() }}) as log_loss_increase,
        cast(
            row_number() over (
                partition by target, model order by estimate desc, feature asc
            ) as {{ dbt.type_int() }}
        ) as importance_rank,

        ---------- booleans
        is_selected
    from fitted

)

select * from propensity_importance
