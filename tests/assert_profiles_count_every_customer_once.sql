{% call where_built() -%}
-- Segments, clusters and value tiers each split the customers, and their money, without
-- rest.
with

customers as (

    select
        count(*) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref("customer_value__customers") }}

),

profiles as (

    select
        'segment_profile' as profile,
        coalesce(sum(customer_count), 0) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref("customer_value__segment_profile") }}
    union all
    select
        'cluster_profile' as profile,
        coalesce(sum(customer_count), 0) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref("customer_value__cluster_profile") }}
    union all
    select
        'value_tier_profile' as profile,
        coalesce(sum(customer_count), 0) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref("customer_value__value_tier_profile") }}

)

select
    profiles.profile,
    profiles.customer_count,
    customers.customer_count as expected_customer_count,
    profiles.net_revenue,
    customers.net_revenue as expected_net_revenue
from profiles
cross join customers
where
    profiles.customer_count != customers.customer_count
    or profiles.net_revenue != customers.net_revenue
{% endcall %}
