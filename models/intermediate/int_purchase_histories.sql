with

snapshots as (

    select
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        is_current
    from {{ ref("int_customer_snapshots") }}
    where is_current or is_calibration

),

purchase_histories as (

    select distinct
        case when is_current then 'current' else 'calibration' end as as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from snapshots

)

select * from purchase_histories
