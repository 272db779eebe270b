{%- set has_order_ids = "order_id" in transaction_column_map() %}
with

kept_lines as (

    select
        customer_id,
        order_id,
        transacted_at,
        transacted_date,
        amount,
        is_free_of_charge
    from {{ ref("int_transactions_judged") }}
    where line_reason is null

),

{% if not has_order_ids %}
    -- A day whose lines are of one moment is one order. Nearly all days are, and need
    -- not be added up a second time.
    days_of_lines as (

        select
            customer_id,
            transacted_date,
            cast(sum(amount) as {{ type_money() }}) as amount,
            {{ nets_above_zero_or_free(
                "sum(amount)", "min(case when is_free_of_charge then 1 else 0 end)"
            ) }} as is_purchase_day,
            min(transacted_at) = max(transacted_at) as is_one_order
        from kept_lines
        group by customer_id, transacted_date

    ),

    lines_of_several_orders as (

        select kept_lines.*
        from kept_lines
        inner join days_of_lines
            on
                kept_lines.customer_id = days_of_lines.customer_id
                and kept_lines.transacted_date = days_of_lines.transacted_date
        where not days_of_lines.is_one_order

    ),
{% endif %}
-- Without an order id, a customer's lines of one moment are one order.
order_days as (

    select
        customer_id,
        {% if has_order_ids -%}
            order_id,
            case when order_id is null then transacted_at end as ordered_at,
            transacted_date,
        {%- else -%}
            transacted_at,
        {%- endif %}
        cast(sum(amount) as {{ type_money() }}) as amount,
        min(case when is_free_of_charge then 1 else 0 end) as is_all_free,
        case
            when
                {{ nets_above_zero_or_free(
                    "sum(amount)", "min(case when is_free_of_charge then 1 else 0 end)"
                ) }}
                then 1
        end as is_order
    from {{ "kept_lines" if has_order_ids else "lines_of_several_orders" }}
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
        {% if has_order_ids -%}
            transacted_date,
        {%- else -%}
            cast(transacted_at as date) as transacted_date,
        {%- endif %}
        amount,
        is_all_free,
        {% if has_order_ids -%}
            case
                when
                    is_order = 1
                    and transacted_date = min(
                        case when is_order = 1 then transacted_date end
                    ) over (partition by customer_id, order_id, ordered_at)
                    then 1
            end as is_order
        {%- else -%}
            is_order
        {%- endif %}
    from order_days

),

customer_days as (

    select
        customer_id,
        transacted_date as activity_date,
        cast(sum(amount) as {{ type_money() }}) as net_amount,
        count(is_order) as order_count,
        {{ nets_above_zero_or_free("sum(amount)", "min(is_all_free)") }}
            as is_purchase_day
    from first_order_days
    group by customer_id, transacted_date
    {%- if not has_order_ids %}
        union all
        select
            customer_id,
            transacted_date as activity_date,
            amount as net_amount,
            case when is_purchase_day then 1 else 0 end as order_count,
            is_purchase_day
        from days_of_lines
        where is_one_order
    {%- endif %}

),

with_gaps as (

    select
        *,
        case
            when is_purchase_day
                then
                    lag(activity_date) over (
                        partition by customer_id, is_purchase_day
                        order by activity_date
                    )
        end as previous_purchase_date
    from customer_days

),

netted_days as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        net_amount,
        order_count,
        {{ date_diff_days("previous_purchase_date", "activity_date") }}
            as days_since_previous_purchase,

        ---------- booleans
        is_purchase_day,

        ---------- dates
        activity_date
    from with_gaps

)

select * from netted_days
