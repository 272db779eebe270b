{{ config(materialized="table") }}

with

kept_lines as (

    select
        customer_id,
        order_id,
        transacted_at,
        transacted_date,
        amount,
        case when is_free_of_charge then 1 else 0 end as free_line_count
    from {{ ref("int_transactions_classified") }}
    where exclusion_reason is null

),

-- Without an order id, a customer's lines of one moment are one order.
order_days as (

    select
        customer_id,
        order_id,
        case when order_id is null then transacted_at end as ordered_at,
        transacted_date,
        sum(amount) as amount,
        count(*) as line_count,
        sum(free_line_count) as free_line_count,
        case
            when {{ nets_above_zero_or_free("amount", "free_line_count", "1") }} then 1
            else 0
        end as is_order
    from kept_lines
    group by
        customer_id,
        order_id,
        case when order_id is null then transacted_at end,
        transacted_date

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
        case
            when
                is_order = 1
                and transacted_date = min(
                    case when is_order = 1 then transacted_date end
                ) over (partition by customer_id, order_id, ordered_at)
                then 1
            else 0
        end as order_count
    from order_days

),

customer_days as (

    select
        customer_id,
        transacted_date as activity_date,
        cast(sum(amount) as {{ type_money() }}) as net_amount,
        cast(sum(order_count) as bigint) as order_count,
        {{ nets_above_zero_or_free("amount", "free_line_count", "line_count") }}
            as is_purchase_day
    from first_order_days
    group by customer_id, transacted_date

),

numbered as (

    select
        customer_id,
        activity_date,
        net_amount,
        order_count,
        is_purchase_day,
        cast(
            sum(case when is_purchase_day then 1 else 0 end) over (
                partition by customer_id
                order by activity_date
                rows between unbounded preceding and current row
            ) as bigint
        ) as purchase_number,
        max(case when is_purchase_day then activity_date end) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and 1 preceding
        ) as previous_purchase_date
    from customer_days

),

days as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        net_amount,
        order_count,
        purchase_number,
        case
            when is_purchase_day
                then
                    cast(
                        {{ date_diff_days("previous_purchase_date", "activity_date") }}
                        as bigint
                    )
        end as days_since_previous_purchase,

        ---------- booleans
        is_purchase_day,

        ---------- dates
        activity_date
    from numbered

)

select * from days
