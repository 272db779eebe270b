-- Exactly one candidate is in use wherever there is one at all.
select count(*) as candidate_count
from {{ ref("customer_value__cluster_selection") }}
having count(*) > 0 and sum(case when is_selected then 1 else 0 end) != 1
