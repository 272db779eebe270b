-- depends_on: {{ ref("int_customer_value__customer_totals") }}
{%- set is_log_of_purchases = is_log_of_purchases() %}
with

kept_lines as (

    select
        customer_id,
        order_id,
        transacted_at,
        transacted_date,
        amount,
        is_free_of_charge
    from {{ ref("int_customer_value__transactions_judged") }}
    where line_reason is null

),

{% if is_log_of_purchases -%}
    -- Whose lines need no netting, the totals have found out.
    customer_totals as (

        select
            customer_id,
            is_netted
        from {{ ref("int_customer_value__customer_totals") }}

    ),

    told_apart as (

        select
            kept_lines.*,
            coalesce(customer_totals.is_netted, true) as is_netted
        from kept_lines
        left join
            customer_totals
            on kept_lines.customer_id = customer_totals.customer_id

    ),

    lines_of_their_own_day as (

        select * from told_apart
        where not is_netted

    ),

    lines_to_net as (

        select * from told_apart
        where is_netted

    ),

    {{ lines_as_days("lines_of_their_own_day") }},
{%- endif %}

{{ netted_days("lines_to_net" if is_log_of_purchases else "kept_lines") }}

select * from netted_days
{% if is_log_of_purchases -%}
    union all
    select * from lines_as_days
{%- endif %}
