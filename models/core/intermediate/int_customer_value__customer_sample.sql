{{ config(materialized="table") }}

{#- Four standard deviations under the limit, so that chance does not carry it over. -#}
{%- set limit = var("fit_customer_limit") -%}
{%- set aim = (limit - 4 * limit ** 0.5) | round(1) %}

with

snapshots as (

    select
        customer_id,
        order_count,
        purchase_day_count,
        repeat_count,
        paid_repeat_count,
        net_revenue,
        mean_repeat_value,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        as_of_date,
        first_purchase_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current or is_calibration

),

populations as (

    select
        as_of_role,
        customer_count,
        as_of_date
    from {{ ref("int_customer_value__populations") }}

),

-- The only single customers that the fits and their evaluation see: everybody up to the
-- limit, above it those whose md5 falls below the share that leaves at most that many.
customer_sample as (

    select
        ---------- ids
        snapshots.customer_id,

        ---------- strings
        populations.as_of_role,

        ---------- numerics
        snapshots.order_count,
        snapshots.purchase_day_count,
        snapshots.repeat_count,
        snapshots.paid_repeat_count,
        snapshots.net_revenue,
        snapshots.mean_repeat_value,
        snapshots.recency_days,
        snapshots.last_purchase_age_days,
        snapshots.customer_age_days,

        ---------- dates
        snapshots.as_of_date,
        snapshots.first_purchase_date
    from snapshots
    inner join populations on snapshots.as_of_date = populations.as_of_date
    where
        populations.customer_count <= {{ limit }}
        or {{ hash_unit("snapshots.customer_id") }}
        < {{ aim }} / populations.customer_count

)

select * from customer_sample
