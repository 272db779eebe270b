{#- Of each customer of the list: the months with orders or returns, what speaks for and against
    their buying, and, where history is built, the segment at each of its dates. The sums of the months are the orders and the spend of the list. -#}
with

months as (

    select
        customer_id,
        date_trunc('month', transacted_date) as month_start_date,
        sum(order_count) as order_count,
        sum(net_amount) as net_amount
    from {{ ref("int_customer_value__customer_days") }}
    group by customer_id, date_trunc('month', transacted_date)

),

{% if is_built("int_customer_value__customer_groups") -%}
    paths as (

        select
            customer_id,
            list(segment order by as_of_date) as segments,
            list(strftime(as_of_date, '%Y-%m-%d') order by as_of_date) as dates
        from {{ ref("int_customer_value__customer_groups") }}
        group by customer_id

    ),
{%- endif %}

{% if is_built("customer_value__propensity_reasons") -%}
    reasons as (

        select
            customer_id,
            list({{ because("feature", "effect") }} order by reason_rank) as reasons
        from {{ ref("customer_value__propensity_reasons") }}
        where target = 'purchase'
        group by customer_id

    ),
{%- endif %}

histories as (

    select
        customer_id,
        list(strftime(month_start_date, '%Y-%m') order by month_start_date) as months,
        list(cast(order_count as bigint) order by month_start_date) as orders,
        list(round(cast(net_amount as double), 2) order by month_start_date) as spends
    from months
    group by customer_id

)

select
    customers.customer_id,
    histories.months,
    histories.orders,
    histories.spends,
    {{ "paths.segments" if is_built("int_customer_value__customer_groups") else "null" }}
        as segments,
    {{ "paths.dates" if is_built("int_customer_value__customer_groups") else "null" }} as dates,
    {{ "reasons.reasons" if is_built("customer_value__propensity_reasons") else "null" }}
        as reasons
from {{ ref("customer_value__customers") }} as customers
inner join (select unnest(?) as customer_id) as listed
    on customers.customer_id = listed.customer_id
inner join histories on customers.customer_id = histories.customer_id
{%- if is_built("int_customer_value__customer_groups") %}
    left join paths on customers.customer_id = paths.customer_id
{%- endif %}
{%- if is_built("customer_value__propensity_reasons") %}
    left join reasons on customers.customer_id = reasons.customer_id
{%- endif %}
order by customers.lifetime_value_365d desc, customers.customer_id
