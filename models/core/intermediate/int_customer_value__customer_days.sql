{{ config(materialized="table", post_hook="{{ require_kept_lines() }}") }}

{%- set up_to_the_day -%}
    over (
        partition by customer_id
        order by transacted_date
        rows between unbounded preceding and current row
    )
{%- endset %}
with

classified as (

    select
        customer_id,
        order_id,
        amount,
        cost,
        amount_back,
        is_return,
        is_free_of_charge,
        transacted_date,
        transacted_at
    from {{ ref("int_customer_value__transactions_classified") }}
    where exclusion_reason is null

),

limits as (

    select max(limit_date) as limit_date
    from {{ ref("int_customer_value__line_totals") }}

),

-- A line far behind all others is in the future, as its account in int_line_totals
-- says.
kept_lines as (

    select classified.*
    from classified
    cross join limits
    where
        limits.limit_date is null or classified.transacted_date <= limits.limit_date

),

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
    group by customer_id, transacted_date

),

with_previous as (

    select
        *,
        case
            when is_purchase_day
                then
                    lag(transacted_date) over (
                        partition by customer_id, is_purchase_day
                        order by transacted_date
                    )
        end as previous_purchase_date
    from customer_days

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

),
{% if looks_back() %}
    -- Running totals, so that the state of a customer on any date is one row.
    running_totals as (

        select
            *,
            sum(purchase_day_count) {{ up_to_the_day }} as purchase_number,
            sum(order_count) {{ up_to_the_day }} as order_count_to_date,
            sum(net_amount) {{ up_to_the_day }} as net_revenue_to_date,
            sum(paid_repeat_count) {{ up_to_the_day }} as paid_repeat_count_to_date,
            sum(repeat_spend) {{ up_to_the_day }} as repeat_spend_to_date,
            sum(days_since_previous_purchase * days_since_previous_purchase)
                {{ up_to_the_day }} as squared_days_between_purchases_to_date,
            max(purchase_date) {{ up_to_the_day }} as last_purchase_date,
            min(purchase_date) over (partition by customer_id) as first_purchase_date,
            lead(transacted_date) over (
                partition by customer_id order by transacted_date
            ) as next_transacted_date
        from purchases

    ),
{% endif %}
days as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        net_amount,
        net_cost,
        cast(order_count as bigint) as order_count,
        cast(line_count as bigint) as line_count,
        cast(return_count as bigint) as return_count,
        cast(refund_count as bigint) as refund_count,
        cast(refunded_amount as {{ type_money() }}) as refunded_amount,
        days_since_previous_purchase,
        paid_repeat_count,
        repeat_spend,
        {% if looks_back() -%}
            cast(purchase_number as bigint) as purchase_number,
            cast(order_count_to_date as bigint) as order_count_to_date,
            cast(net_revenue_to_date as {{ type_money() }}) as net_revenue_to_date,
            cast(paid_repeat_count_to_date as bigint) as paid_repeat_count_to_date,
            cast(repeat_spend_to_date as {{ type_money() }}) as repeat_spend_to_date,
            cast(squared_days_between_purchases_to_date as bigint)
                as squared_days_between_purchases_to_date,
        {%- endif %}

        ---------- booleans
        is_purchase_day,

        ---------- dates
        {% if looks_back() -%}
            next_transacted_date,
            first_purchase_date,
            last_purchase_date,
        {%- endif %}
        transacted_date
    from {{ "running_totals" if looks_back() else "purchases" }}

)

select * from days
