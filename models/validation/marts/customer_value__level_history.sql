with

corrections as (

    select
        forecast_role,
        measure,
        position,
        forecast,
        actual
    from {{ ref("fit_customer_value__corrections") }}
    where feature = 'level'

),

forecast_dates as (

    select
        forecast_role,
        date_number,
        horizon_days,
        as_of_date
    from {{ ref("int_customer_value__forecast_dates") }}

),

level_history as (

    select
        ---------- strings
        cast(corrections.forecast_role as {{ dbt.type_string() }}) as forecast_role,
        cast(corrections.measure as {{ dbt.type_string() }}) as measure,

        ---------- numerics
        cast(corrections.position as {{ dbt.type_int() }}) as date_number,
        cast(forecast_dates.horizon_days as {{ dbt.type_int() }}) as window_days,
        cast(corrections.forecast as {{ type_double() }}) as forecast,
        cast(corrections.actual as {{ type_double() }}) as actual,
        cast(
            corrections.actual / nullif(corrections.forecast, 0) as {{ type_double() }}
        ) as actual_to_forecast,

        ---------- dates
        cast(forecast_dates.as_of_date as date) as as_of_date
    from corrections
    inner join forecast_dates
        on
            corrections.forecast_role = forecast_dates.forecast_role
            and corrections.position = forecast_dates.date_number

)

select * from level_history
