{{ config(materialized="table") }}

with

bounds as (

    select
        {{ month_start("min(started_date)") }} as first_month_date,
        max(as_of_date) as as_of_date
    from {{ ref("int_customer_value__subscription_periods") }}
    where period_kind = 'paid'

),

-- No log spans ten thousand months.
months_later as (

    {{ whole_numbers(10000) }}

),

candidates as (

    select
        {{ date_add_months(
            "bounds.first_month_date", "months_later.whole_number"
        ) }} as month_start_date,
        bounds.as_of_date
    from bounds
    cross join months_later

),

with_last_day as (

    select
        month_start_date,
        as_of_date,
        {{ date_add_days(date_add_months("month_start_date", 1), -1) }} as last_date
    from candidates
    where month_start_date <= as_of_date

),

-- The revenue of a month is that of its last day, or of the as-of date.
months as (

    select
        ---------- booleans
        last_date <= as_of_date as is_complete,

        ---------- dates
        month_start_date,
        case when last_date < as_of_date then last_date else as_of_date end
            as measured_date
    from with_last_day

)

select * from months
