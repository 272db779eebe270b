{{ config(materialized="table", post_hook="{{ require_kept_lines() }}") }}

{%- set has_order_ids = "order_id" in transaction_column_map() -%}
{%- set free_line_count = "count(case when is_free_of_charge then 1 end)" %}
with

kept_lines as (

    select
        customer_id,
        order_id,
        transacted_at,
        transacted_date,
        amount,
        is_free_of_charge,
        is_return
    from {{ ref("int_transactions_judged") }}
    where line_reason is null

),

-- Without an order id, a customer's lines of one moment are one order.
order_days as (

    select
        customer_id,
        {% if has_order_ids -%}
            order_id,
            case when order_id is null then transacted_at end as ordered_at,
            transacted_date,
        {%- else -%}
            transacted_at as ordered_at,
            min(transacted_date) as transacted_date,
        {%- endif %}
        cast(sum(amount) as {{ type_money() }}) as amount,
        count(*) as line_count,
        {{ free_line_count }} as free_line_count,
        count(case when is_return then 1 end) as return_count,
        case
            when
                {{ nets_above_zero_or_free(
                    "sum(amount)", free_line_count, "count(*)"
                ) }}
                then 1
            else 0
        end as is_order
    from kept_lines
    group by
        customer_id,
        {% if has_order_ids -%}
            order_id,
            case when order_id is null then transacted_at end,
            transacted_date
        {%- else -%}
            transacted_at
        {%- endif %}

),

-- An order that runs over several days counts once, on the first of them that nets
-- above zero: what a later day brings does not change what was true before.
first_order_days as (

    select
        customer_id,
        transacted_date,
        amount,
        line_count,
        free_line_count,
        return_count,
        {% if has_order_ids -%}
            case
                when
                    is_order = 1
                    and transacted_date = min(
                        case when is_order = 1 then transacted_date end
                    ) over (partition by customer_id, order_id, ordered_at)
                    then 1
                else 0
            end
        {%- else -%}
            is_order
        {%- endif %} as order_count
    from order_days

),

customer_days as (

    select
        customer_id,
        transacted_date as activity_date,
        cast(sum(amount) as {{ type_money() }}) as net_amount,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(line_count) as bigint) as line_count,
        cast(sum(return_count) as bigint) as return_count,
        {{ nets_above_zero_or_free(
            "sum(amount)", "sum(free_line_count)", "sum(line_count)"
        ) }}
            as is_purchase_day
    from first_order_days
    group by customer_id, transacted_date

),

-- Running totals, so that a snapshot of any date is a row of this table, not a sum.
numbered as (

    select
        customer_id,
        activity_date,
        net_amount,
        order_count,
        line_count,
        return_count,
        is_purchase_day,
        max(case when is_purchase_day then activity_date end) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and 1 preceding
        ) as previous_purchase_date,
        lead(activity_date) over (
            partition by customer_id order by activity_date
        ) as next_activity_date
    from customer_days

),

with_gaps as (

    select
        *,
        case
            when is_purchase_day
                then {{ date_diff_days("previous_purchase_date", "activity_date") }}
        end as days_since_previous_purchase,
        is_purchase_day and previous_purchase_date is not null as is_repeat
    from numbered

),

totals as (

    select
        *,
        min(case when is_purchase_day then activity_date end) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and unbounded following
        ) as first_purchase_date,
        count(case when is_purchase_day then 1 end) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and current row
        ) as purchase_number,
        sum(order_count) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and current row
        ) as order_count_to_date,
        sum(net_amount) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and current row
        ) as net_revenue_to_date,
        count(case when is_repeat and net_amount > 0 then 1 end) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and current row
        ) as paid_repeat_count_to_date,
        sum(case when is_repeat then net_amount end) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and current row
        ) as repeat_spend_to_date,
        sum(
            cast(days_since_previous_purchase as bigint) * days_since_previous_purchase
        ) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and current row
        ) as squared_days_between_purchases_to_date
    from with_gaps

),

-- Who never has a purchase day is no customer; the lines keep the reason.
days as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        net_amount,
        order_count,
        line_count,
        return_count,
        cast(purchase_number as bigint) as purchase_number,
        cast(days_since_previous_purchase as bigint) as days_since_previous_purchase,
        cast(order_count_to_date as bigint) as order_count_to_date,
        cast(net_revenue_to_date as {{ type_money() }}) as net_revenue_to_date,
        cast(paid_repeat_count_to_date as bigint) as paid_repeat_count_to_date,
        cast(repeat_spend_to_date as {{ type_money() }}) as repeat_spend_to_date,
        cast(squared_days_between_purchases_to_date as bigint)
            as squared_days_between_purchases_to_date,

        ---------- booleans
        is_purchase_day,

        ---------- dates
        activity_date,
        next_activity_date,
        first_purchase_date,
        case
            when is_purchase_day then activity_date else previous_purchase_date
        end as last_purchase_date
    from totals
    where first_purchase_date is not null

)

select * from days
