{# The days of customers from their kept lines: the CTEs from the lines of an order on a day to the
   CTE `purchases`, for a statement that has the CTE `kept_lines`, rows of
   int_transactions_classified. All kept lines of a customer must be among them; or, with `after`, a
   date as SQL, the days after it alone are given, and all kept lines of these days must be among them,
   all of the orders that run on, and the customers' last_purchase_date up to the date in the CTE
   `customers_before`. #}
{% macro days_of_lines(after=none) -%}
-- The lines of a customer with one order id are one order; without an order id, the
-- lines of one moment are.
lines_per_order_day as (

    select
        customer_id,
        order_id,
        case when order_id is null then transacted_at end as ordered_at,
        transacted_date,
        sum(amount) as amount,
        count(cost) as costed_count,
        sum(
            coalesce(
                cost,
                (1 - {{ var("gross_margin") }}) * cast(amount as {{ type_money() }})
            )
        ) as cost,
        count(*) as line_count,
        count(case when is_return then 1 end) as return_count,
        count(case when amount_back > 0 then 1 end) as refund_count,
        sum(amount_back) as refunded_amount,
        min(case when is_free_of_charge then 1 else 0 end) = 1 as is_all_free
    from kept_lines
    group by
        customer_id,
        order_id,
        case when order_id is null then transacted_at end,
        transacted_date

),

-- An order that runs over several days counts once, on the first of them that nets
-- above zero or is all free: what a later day brings does not change the days before.
order_days as (

    select
        *,
        min(case when amount > 0 or is_all_free then transacted_date end) over (
            partition by customer_id, order_id, ordered_at
        ) as order_date
    from lines_per_order_day

),

-- A purchase day is a day that nets above zero, or on which all was free of charge; any
-- other day only moves money.
customer_days as (

    select
        customer_id,
        transacted_date,
        cast(sum(amount) as {{ type_money() }}) as net_amount,
        -- Where no line says what it cost, nothing is known of the day.
        cast(
            case when sum(costed_count) > 0 then sum(cost) end as {{ type_money() }}
        ) as net_cost,
        count(case when transacted_date = order_date then 1 end) as order_count,
        sum(line_count) as line_count,
        sum(return_count) as return_count,
        sum(refund_count) as refund_count,
        sum(refunded_amount) as refunded_amount,
        sum(amount) > 0
        or min(case when is_all_free then 1 else 0 end) = 1 as is_purchase_day
    from order_days
    {{ "where transacted_date > " ~ after if after }}
    group by customer_id, transacted_date

),

with_previous as (

    select
        customer_days.*,
        case
            when customer_days.is_purchase_day
                then
                    {% if after %}coalesce({% endif -%}
                    lag(customer_days.transacted_date) over (
                        partition by
                            customer_days.customer_id, customer_days.is_purchase_day
                        order by customer_days.transacted_date
                    )
                    {%- if after %}, customers_before.last_purchase_date){% endif %}
        end as previous_purchase_date
    from customer_days
    {% if after -%}
        left join customers_before
            on customer_days.customer_id = customers_before.customer_id
    {%- endif %}

),

-- The spend of a purchase day is its net. Repeats are the purchase days after the
-- first.
purchases as (

    select
        *,
        cast(
            {{ date_diff_days("previous_purchase_date", "transacted_date") }} as bigint
        ) as days_since_previous_purchase,
        case when is_purchase_day then 1 else 0 end as purchase_day_count,
        case
            when previous_purchase_date is not null and net_amount > 0 then 1 else 0
        end as paid_repeat_count,
        case when previous_purchase_date is not null then net_amount end
            as repeat_spend,
        case when is_purchase_day then transacted_date end as purchase_date
    from with_previous

)
{%- endmacro %}
