{%- do require_buildable_metrics() %}
with

current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

months as (

    select month_start_date
    from {{ ref("int_customer_value__months") }}

),

days_later as (

    {{ whole_numbers(31) }}

),

candidates as (

    select
        months.month_start_date,
        {{ date_add_days("months.month_start_date", "days_later.whole_number") }}
            as calendar_date
    from months
    cross join days_later

),

-- The 31st day after the start of a shorter month is a day of the next month.
days as (

    select
        candidates.month_start_date,
        candidates.calendar_date
    from candidates
    cross join current_dates
    where
        {{ month_start("candidates.calendar_date") }} = candidates.month_start_date
        and candidates.calendar_date <= current_dates.as_of_date

),

calendar as (

    select
        ---------- dates
        cast(calendar_date as date) as calendar_date,
        cast(month_start_date as date) as month_start_date,
        cast({{ dbt.date_trunc("quarter", "calendar_date") }} as date)
            as quarter_start_date,
        cast({{ dbt.date_trunc("year", "calendar_date") }} as date) as year_start_date
    from days

)

select * from calendar
