select cast('2024-01-01' as date) + cast(day_number as integer) as day
from (select unnest(range(366)) as day_number) as days
