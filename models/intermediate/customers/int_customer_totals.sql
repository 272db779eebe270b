-- The hook reads the reasons there.
-- depends_on: {{ ref("int_transactions_judged") }}
{{ config(materialized="table", post_hook="{{ require_kept_lines() }}") }}

with

netted_days as (

    select
        customer_id,
        net_amount,
        order_count,
        days_since_previous_purchase,
        is_purchase_day,
        activity_date
    from {{ ref("int_netted_days") }}

),

sums as (

    select
        customer_id,
        {{ totals_of_days() }},
        min(case when is_purchase_day then activity_date end) as first_purchase_date
    from netted_days
    group by customer_id

),

-- Who never has a purchase day is no customer; the lines keep the reason.
totals as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        order_count,
        purchase_day_count,
        paid_repeat_count,
        net_revenue,
        repeat_spend,
        squared_days_between_purchases,

        ---------- dates
        first_purchase_date,
        last_purchase_date
    from sums
    where first_purchase_date is not null

)

select * from totals
