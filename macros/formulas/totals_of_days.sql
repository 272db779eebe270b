{# The totals of customers from their days: the CTEs up to `totals`, the rows of int_customer_totals,
   for a statement that has the days as the CTE `days`. #}
{% macro totals_of_days(days) -%}
sums as (

    select
        customer_id,
        sum(order_count) as order_count,
        sum(refund_count) as refund_count,
        sum(refunded_amount) as refunded_amount,
        count(case when is_purchase_day then 1 end) as purchase_day_count,
        sum(paid_repeat_count) as paid_repeat_count,
        sum(net_amount) as net_revenue,
        sum(repeat_spend) as repeat_spend,
        sum(days_since_previous_purchase * days_since_previous_purchase)
            as squared_days_between_purchases,
        min(case when is_purchase_day then transacted_date end) as first_purchase_date,
        max(case when is_purchase_day then transacted_date end) as last_purchase_date
    from {{ days }}
    group by customer_id

),

-- Somebody who never has a purchase day is not a customer.
totals as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        cast(order_count as bigint) as order_count,
        cast(refund_count as bigint) as refund_count,
        cast(refunded_amount as {{ type_money() }}) as refunded_amount,
        cast(purchase_day_count as bigint) as purchase_day_count,
        cast(paid_repeat_count as bigint) as paid_repeat_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(repeat_spend as {{ type_money() }}) as repeat_spend,
        cast(squared_days_between_purchases as bigint)
            as squared_days_between_purchases,

        ---------- dates
        first_purchase_date,
        last_purchase_date
    from sums
    where first_purchase_date is not null

)
{%- endmacro %}
