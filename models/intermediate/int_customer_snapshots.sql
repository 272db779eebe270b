with

stored_snapshots as (

    select
        customer_id,
        order_count,
        purchase_day_count,
        repeat_count,
        paid_repeat_count,
        net_revenue,
        mean_repeat_value,
        average_order_value,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        mean_days_between_purchases,
        days_between_purchases_cv,
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_stored_snapshots") }}

),

as_of_dates as (

    select
        as_of_role,
        as_of_date
    from {{ ref("int_as_of_dates") }}

),

-- A date may have several roles; a customer is seen once per date.
dates as (

    select
        as_of_date,
        max(case when as_of_role = 'current' then 1 else 0 end) = 1 as is_current,
        max(case when as_of_role = 'calibration' then 1 else 0 end) = 1
            as is_calibration
    from as_of_dates
    group by as_of_date

),

-- The roles of a date change from run to run, what was true on it does not.
snapshots as (

    select
        ---------- ids
        stored_snapshots.customer_id,

        ---------- numerics
        stored_snapshots.order_count,
        stored_snapshots.purchase_day_count,
        stored_snapshots.repeat_count,
        stored_snapshots.paid_repeat_count,
        stored_snapshots.net_revenue,
        stored_snapshots.mean_repeat_value,
        stored_snapshots.average_order_value,
        stored_snapshots.recency_days,
        stored_snapshots.last_purchase_age_days,
        stored_snapshots.customer_age_days,
        stored_snapshots.mean_days_between_purchases,
        stored_snapshots.days_between_purchases_cv,

        ---------- booleans
        dates.is_current,
        dates.is_calibration,

        ---------- dates
        stored_snapshots.as_of_date,
        stored_snapshots.first_purchase_date,
        stored_snapshots.last_purchase_date
    from stored_snapshots
    inner join dates on stored_snapshots.as_of_date = dates.as_of_date

)

select * from snapshots
