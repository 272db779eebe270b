{# Whether a line of the log is, as far as its columns tell, a whole purchase and no item of one. #}
{% macro is_log_of_purchases() %}
    {%- set columns = transaction_column_map() -%}
    {{- return("order_id" not in columns and "product_id" not in columns) -}}
{% endmacro %}


{# The CTEs that net the kept lines in a CTE `lines` to the days of their customers: the one
   definition of a purchase day. The last of them is netted_days. #}
{% macro netted_days(lines) -%}
{%- set has_order_ids = "order_id" in transaction_column_map() -%}
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
    from {{ lines }}
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

),

customer_days_with_previous as (

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
    from customer_days_with_previous

)
{%- endmacro %}


{# The CTEs that take the kept lines in a CTE `lines` for the days of their customers, which is
   what netted_days says of them where each is a purchase and the only line of its day. The last
   of them is lines_as_days. #}
{% macro lines_as_days(lines) -%}
lines_with_previous as (

    select
        customer_id,
        amount,
        transacted_date,
        lag(transacted_date) over (
            partition by customer_id
            order by transacted_date
        ) as previous_date
    from {{ lines }}

),

lines_as_days as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        amount as net_amount,
        1 as order_count,
        {{ date_diff_days("previous_date", "transacted_date") }}
            as days_since_previous_purchase,

        ---------- booleans
        true as is_purchase_day,

        ---------- dates
        transacted_date as activity_date
    from lines_with_previous

)
{%- endmacro %}
