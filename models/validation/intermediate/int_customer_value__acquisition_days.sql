with

snapshots as (

    select
        first_purchase_date,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_calibration

),

as_of_dates as (

    select
        as_of_date,
        days_before_current
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'calibration'

),

acquisition_days as (

    select
        ---------- numerics
        count(*) as customer_count,
        {{ date_diff_days("snapshots.first_purchase_date", "snapshots.as_of_date") }}
        + as_of_dates.days_before_current as days_to_current,

        ---------- dates
        snapshots.first_purchase_date,
        snapshots.as_of_date
    from snapshots
    inner join as_of_dates on snapshots.as_of_date = as_of_dates.as_of_date
    group by
        snapshots.first_purchase_date,
        snapshots.as_of_date,
        as_of_dates.days_before_current

)

select * from acquisition_days
