with

forecast_models as (

    select
        as_of_role,
        model,
        parameter,
        estimate,
        standard_error
    from {{ ref("fit_customer_value__forecast_models") }}
    where
        replicate = 0
        and {{ fit_role_date("as_of_role") }} in ('current', 'calibration')

),

model_parameters as (

    select
        ---------- strings
        cast({{ fit_role_date("as_of_role") }} as {{ dbt.type_string() }})
            as as_of_role,
        cast({{ fit_role_group("as_of_role") }} as {{ dbt.type_string() }})
            as fit_group,
        cast(model as {{ dbt.type_string() }}) as model,
        cast(parameter as {{ dbt.type_string() }}) as parameter,

        ---------- numerics
        cast(estimate as {{ type_double() }}) as estimate,
        cast(standard_error as {{ type_double() }}) as standard_error
    from forecast_models

)

select * from model_parameters
