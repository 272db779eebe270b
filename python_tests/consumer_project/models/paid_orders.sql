select
    number,
    buyer,
    cast(paid_on as date) as paid_on,
    total
from {{ ref("raw_orders") }}
where is_paid
