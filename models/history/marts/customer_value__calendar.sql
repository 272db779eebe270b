with

current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

customer_months as (

    select month_start_date
    from {{ ref("int_customer_value__customer_months") }}

),

bounds as (

    select
        min(customer_months.month_start_date) as first_date,
        max(current_dates.as_of_date) as last_date
    from current_dates
    cross join customer_months

),

months as (

    {{ month_spine("bounds", "first_date", "last_date") }}

),

days_of_month as (

    select month_count as day_count
    from ({{ whole_numbers() }}) as numbers
    where month_count < 31

),

-- A 31st day of a shorter month lies in the next one, and is left to it.
days as (

    select
        months.month_start_date,
        {{ date_add_days("months.month_start_date", "days_of_month.day_count") }}
            as calendar_date
    from months
    cross join days_of_month
    where
        {{ month_start(
            date_add_days("months.month_start_date", "days_of_month.day_count")
        ) }} = months.month_start_date

),

calendar as (

    select
        ---------- dates
        cast(days.calendar_date as date) as calendar_date,
        cast(days.month_start_date as date) as month_start_date,
        cast({{ dbt.date_trunc("quarter", "days.calendar_date") }} as date)
            as quarter_start_date,
        cast({{ dbt.date_trunc("year", "days.calendar_date") }} as date)
            as year_start_date
    from days
    cross join bounds
    where days.calendar_date <= bounds.last_date

)

select * from calendar
