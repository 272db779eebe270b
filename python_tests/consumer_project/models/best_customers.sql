select
    customer_id,
    segment,
    lifetime_value_365d
from {{ ref("customers") }}
where net_revenue >= 100
