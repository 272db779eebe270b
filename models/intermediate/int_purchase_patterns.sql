with

snapshots as (

    select
        customer_id,
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        as_of_date
    from {{ ref("int_customer_snapshots") }}
    where is_current or is_calibration

),

populations as (

    select
        as_of_role,
        as_of_date,
        customer_count
    from {{ ref("int_fit_populations") }}

),

patterns as (

    select
        populations.as_of_role,
        snapshots.repeat_count,
        snapshots.last_purchase_age_days,
        snapshots.customer_age_days,
        count(*) as customer_count
    from snapshots
    inner join populations on snapshots.as_of_date = populations.as_of_date
    where {{ in_fit_sample("snapshots.customer_id", "populations.customer_count") }}
    group by
        populations.as_of_role,
        snapshots.repeat_count,
        snapshots.last_purchase_age_days,
        snapshots.customer_age_days

)

select * from patterns
