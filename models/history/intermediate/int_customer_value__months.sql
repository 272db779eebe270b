{{ config(materialized="table") }}

with

customer_months as (

    select month_start_date
    from {{ ref("int_customer_value__customer_months") }}

),

current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

bounds as (

    select
        min(customer_months.month_start_date) as first_month_start_date,
        max(current_dates.as_of_date) as as_of_date
    from customer_months
    cross join current_dates

),

-- No log spans ten thousand months.
months_later as (

    {{ whole_numbers(10000) }}

),

candidates as (

    select
        {{ date_add_months(
            "bounds.first_month_start_date", "months_later.whole_number"
        ) }} as month_start_date,
        bounds.as_of_date
    from bounds
    cross join months_later

),

months as (

    select
        ---------- booleans
        {{ date_add_months("month_start_date", 1) }}
        <= {{ date_add_days("as_of_date", 1) }} as is_complete,

        ---------- dates
        month_start_date
    from candidates
    where month_start_date <= as_of_date

)

select * from months
