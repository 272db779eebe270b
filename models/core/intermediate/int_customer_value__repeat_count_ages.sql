{{ config(materialized="table") }}

with

snapshots as (

    select
        repeat_count,
        customer_age_days,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current or is_calibration

),

as_of_dates as (

    select
        as_of_role,
        days_before_current,
        as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role in ('current', 'calibration')

),

repeat_count_ages as (

    select distinct
        as_of_dates.as_of_role,
        snapshots.repeat_count,
        snapshots.customer_age_days,
        as_of_dates.days_before_current as holdout_days
    from snapshots
    inner join as_of_dates on snapshots.as_of_date = as_of_dates.as_of_date

)

select * from repeat_count_ages
