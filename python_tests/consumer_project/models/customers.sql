-- Their customers, which have nothing to do with ours but the name.
select
    buyer as customer_id,
    count(*) as number_of_orders
from {{ ref("paid_orders") }}
group by buyer
