{{ config(materialized="table") }}

{%- set compares = is_on("validation") -%}
{%- set corrects = compares or var("value_model") == "corrected" %}
with

as_of_dates as (

    select
        as_of_role,
        as_of_date,
        days_before_current
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role in ('current', 'calibration')

),

first_purchases as (

    select min(first_purchase_date) as first_purchase_date
    from {{ ref("int_customer_value__customer_totals") }}

),

named_forecasts as (

    select
        as_of_dates.as_of_role as forecast_role,
        as_of_dates.as_of_date,
        case
            when as_of_dates.as_of_role = 'current' then {{ var("horizon_days") }}
            else as_of_dates.days_before_current
        end as horizon_days,
        first_purchases.first_purchase_date
    from as_of_dates
    cross join first_purchases
    where as_of_dates.as_of_role = 'current' {{- " or 1 = 1" if compares }}

),

named_with_windows as (

    {{ with_forecast_windows("named_forecasts") }}

),

named_internal_dates as (

    {{ internal_dates("named_with_windows") }}
    where {{ "1 = 1" if corrects else "1 = 0" }}

),

-- The internal dates of today are where forecasts are judged as well: from each of
-- them the window ahead is known.
rolling_forecasts as (

    select
        as_of_role as forecast_role,
        as_of_date,
        window_days as horizon_days,
        first_purchase_date
    from named_internal_dates
    where forecast_role = 'current' {{- " and 1 = 0" if not compares }}

),

rolling_with_windows as (

    {{ with_forecast_windows("rolling_forecasts") }}

),

rolling_internal_dates as (

    {{ internal_dates("rolling_with_windows") }}

),

all_dates as (
    {% for forecasts, training_limit in [("named", 60000), ("rolling", 15000)] %}
        select
            forecast_role,
            0 as date_number,
            forecast_role as as_of_role,
            horizon_days,
            window_days,
            as_of_date,
            cast(null as integer) as training_limit,
            forecast_role != 'current' as is_compared
        from {{ forecasts }}_with_windows
        union all
        select
            forecast_role,
            date_number,
            as_of_role,
            window_days as horizon_days,
            window_days,
            as_of_date,
            cast(
                floor({{ training_limit }} / count(*) over (partition by forecast_role))
                as integer
            ) as training_limit,
            false as is_compared
        from {{ forecasts }}_internal_dates
        {{ "union all" if not loop.last }}
    {% endfor %}
),

forecast_dates as (

    select
        ---------- strings
        forecast_role,
        as_of_role,

        ---------- numerics
        date_number,
        cast(horizon_days as integer) as horizon_days,
        window_days,
        training_limit,

        ---------- booleans
        is_compared,

        ---------- dates
        as_of_date
    from all_dates

)

select * from forecast_dates
