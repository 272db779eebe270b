{# What every profile of a group of customers has, over `customers` left-joined to the
   group; shares are of the whole base. #}
{% macro customer_profile_columns() -%}
    count(customer_id) as customer_count,
    cast(coalesce(sum(net_revenue), 0) as {{ type_money() }}) as net_revenue,
    sum(order_count) as order_count,
    cast(sum(net_revenue) as {{ type_double() }})
    / nullif(sum(order_count), 0) as average_order_value,
    cast(sum(order_count) as {{ type_double() }})
    / nullif(count(customer_id), 0) as mean_order_count,
    cast(sum(recency_days) as {{ type_double() }})
    / nullif(count(customer_id), 0) as mean_recency_days,
    {#- Summed as decimals: a sum of doubles depends on the order of the rows. #}
    cast(
        coalesce(sum(cast(lifetime_value_365d as {{ type_decimal(38, 12) }})), 0)
        as {{ type_money() }}
    ) as lifetime_value_365d
{%- endmacro %}


{# The last step of a profile: the contract's types, and the shares. #}
{% macro customer_profile_measures() -%}
    cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
    cast(
        customer_count
        / nullif(cast(sum(customer_count) over () as {{ type_double() }}), 0)
        as {{ type_double() }}
    ) as customer_share,
    cast(net_revenue as {{ type_money() }}) as net_revenue,
    cast(
        cast(net_revenue as {{ type_double() }})
        / nullif(cast(sum(net_revenue) over () as {{ type_double() }}), 0)
        as {{ type_double() }}
    ) as revenue_share,
    cast(average_order_value as {{ type_double() }}) as average_order_value,
    cast(mean_order_count as {{ type_double() }}) as mean_order_count,
    cast(mean_recency_days as {{ type_double() }}) as mean_recency_days,
    cast(lifetime_value_365d as {{ type_money() }}) as lifetime_value_365d,
    cast(
        cast(lifetime_value_365d as {{ type_double() }}) / nullif(customer_count, 0)
        as {{ type_double() }}
    ) as mean_lifetime_value_365d
{%- endmacro %}
