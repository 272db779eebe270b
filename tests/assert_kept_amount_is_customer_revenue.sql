{% call where_built() -%}
-- The money of the kept lines is the money of the customers.
with

kept as (

    select amount
    from {{ ref("customer_value__excluded_rows") }}
    where input = 'transactions' and exclusion_reason = 'kept'

),

revenue as (

    select coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref("customer_value__customers") }}

)

select
    kept.amount,
    revenue.net_revenue
from kept
cross join revenue
where kept.amount != revenue.net_revenue
{% endcall %}
