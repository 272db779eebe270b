select
    customer_id,
    segment,
    lifetime_value_365d
from {{ ref("customer_value__customers") }}
where net_revenue >= 100
