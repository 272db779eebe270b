select
    'theirs' as segment,
    count(*) as buyer_count
from {{ ref("customers") }}
