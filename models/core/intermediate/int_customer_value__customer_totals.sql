{{ config(materialized="table") }}

with

customer_days as (

    select
        customer_id,
        net_amount,
        order_count,
        refund_count,
        refunded_amount,
        days_since_previous_purchase,
        paid_repeat_count,
        repeat_spend,
        is_purchase_day,
        transacted_date
    from {{ ref("int_customer_value__customer_days") }}

),

{{ totals_of_days("customer_days") }}

select * from totals
