with

snapshots as (

    select
        first_purchase_date,
        as_of_date as calibration_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_calibration

),

forecasts as (

    select
        model,
        to_day,
        purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where
        as_of_role = 'calibration'
        and repeat_count = 0
        and customer_age_days = 0
        and to_day = from_day + 1

),

new_customers as (

    select
        {{ newcomer_columns() }}
    from {{ ref("int_customer_value__forecast_parameters") }}
    where as_of_role = 'calibration'

),

purchase_days as (

    select
        customer_id,
        purchase_number,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

as_of_dates as (

    select
        as_of_role,
        as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role in ('current', 'calibration')

),

dates as (

    select
        max(case when as_of_role = 'calibration' then as_of_date end)
            as calibration_date,
        max(case when as_of_role = 'current' then as_of_date end) as last_date
    from as_of_dates

),

acquisitions as (

    select
        first_purchase_date,
        calibration_date,
        count(*) as customer_count
    from snapshots
    group by first_purchase_date, calibration_date

),

alive as (

    select
        model,
        {{ probability_alive() }} as probability_alive
    from new_customers

),

-- What a customer of whom only the first purchase is known does on each day of age. In
-- the MBG/NBD some have left right after it.
rates as (

    select
        forecasts.model,
        cast(forecasts.to_day as integer) as customer_age_days,
        alive.probability_alive * forecasts.purchases_if_alive as expected_purchases
    from forecasts
    inner join alive on forecasts.model = alive.model

),

-- Days from the calibration date, to which the weeks are tied: one ends on it.
expected_days as (

    select
        rates.model,
        {{ date_diff_days(
            "acquisitions.calibration_date", "acquisitions.first_purchase_date"
        ) }} + rates.customer_age_days as day_number,
        acquisitions.customer_count * rates.expected_purchases as expected_purchases
    from acquisitions
    cross join rates

),

-- Repeat purchases of the customers known at the calibration date; those acquired later
-- are not what the model was asked about.
first_purchases as (

    select purchase_days.customer_id
    from purchase_days
    inner join dates on purchase_days.purchase_date <= dates.calibration_date
    where purchase_days.purchase_number = 1

),

actual_days as (

    select
        {{ date_diff_days("dates.calibration_date", "purchase_days.purchase_date") }}
            as day_number
    from purchase_days
    inner join first_purchases
        on purchase_days.customer_id = first_purchases.customer_id
    cross join dates
    where purchase_days.purchase_number > 1

),

expected_weeks as (

    select
        expected_days.model,
        ceil(expected_days.day_number / 7.0) as week_from_calibration,
        {{ exact_sum("expected_days.expected_purchases") }} as expected_purchases
    from expected_days
    cross join dates
    where
        expected_days.day_number
        <= {{ date_diff_days("dates.calibration_date", "dates.last_date") }}
    group by expected_days.model, ceil(expected_days.day_number / 7.0)

),

actual_weeks as (

    select
        ceil(day_number / 7.0) as week_from_calibration,
        count(*) as actual_purchases
    from actual_days
    group by ceil(day_number / 7.0)

),

weeks as (

    select
        expected_weeks.model,
        expected_weeks.week_from_calibration,
        expected_weeks.expected_purchases,
        coalesce(actual_weeks.actual_purchases, 0) as actual_purchases,
        dates.calibration_date,
        dates.last_date
    from expected_weeks
    left join actual_weeks
        on
            expected_weeks.week_from_calibration
            = actual_weeks.week_from_calibration
    cross join dates

),

model_tracking as (

    select
        ---------- strings
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(
            row_number() over (partition by model order by week_from_calibration)
            as {{ dbt.type_int() }}
        ) as week_number,
        cast(actual_purchases as {{ dbt.type_bigint() }}) as actual_purchases,
        cast(expected_purchases as {{ type_double() }}) as expected_purchases,
        cast(
            sum(actual_purchases) over (
                partition by model
                order by week_from_calibration
                rows between unbounded preceding and current row
            ) as {{ dbt.type_bigint() }}
        ) as cumulative_actual_purchases,
        cast(
            sum(cast(expected_purchases as {{ type_decimal(38, 12) }})) over (
                partition by model
                order by week_from_calibration
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as cumulative_expected_purchases,

        ---------- booleans
        week_from_calibration > 0 as is_holdout,
        -- The last week may still run, and would look like a fall.
        {{ date_add_days(
            "calibration_date", "cast(7 * week_from_calibration as integer)"
        ) }} <= last_date as is_complete,

        ---------- dates
        cast(
            least(
                {{ date_add_days(
                    "calibration_date", "cast(7 * week_from_calibration as integer)"
                ) }},
                last_date
            ) as date
        ) as week_end_date
    from weeks

)

select * from model_tracking
