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

{{ days_of_lines() }},
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
