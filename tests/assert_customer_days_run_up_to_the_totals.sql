{{ config(enabled=looks_back()) }}
{% call where_built() %}
-- Horizontal integrity: the running totals of a customer's last day, which the past is
-- read from, are the totals, which today is read from.
with

last_days as (

    select
        customer_id,
        order_count_to_date,
        purchase_number,
        paid_repeat_count_to_date,
        net_revenue_to_date,
        coalesce(repeat_spend_to_date, 0) as repeat_spend_to_date,
        coalesce(squared_days_between_purchases_to_date, 0)
            as squared_days_between_purchases_to_date,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_days") }}
    where next_transacted_date is null and first_purchase_date is not null

),

totals as (

    select
        customer_id,
        order_count,
        purchase_day_count,
        paid_repeat_count,
        net_revenue,
        coalesce(repeat_spend, 0) as repeat_spend,
        coalesce(squared_days_between_purchases, 0) as squared_days_between_purchases,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_totals") }}

)

select
    last_days.customer_id as customer_id_of_days,
    totals.customer_id as customer_id_of_totals
from last_days
full outer join totals on last_days.customer_id = totals.customer_id
where
    last_days.customer_id is null
    or totals.customer_id is null
    or last_days.order_count_to_date != totals.order_count
    or last_days.purchase_number != totals.purchase_day_count
    or last_days.paid_repeat_count_to_date != totals.paid_repeat_count
    or last_days.net_revenue_to_date != totals.net_revenue
    or last_days.repeat_spend_to_date != totals.repeat_spend
    or last_days.squared_days_between_purchases_to_date
    != totals.squared_days_between_purchases
    or last_days.first_purchase_date != totals.first_purchase_date
    or last_days.last_purchase_date != totals.last_purchase_date
{% endcall %}
