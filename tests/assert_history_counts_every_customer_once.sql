-- On every date of the history each customer is in one segment and made one step, and
-- on the current date these are the customers and their money.
with

snapshots as (

    select
        as_of_date,
        count(*) as customer_count,
        sum(net_revenue) as net_revenue
    from {{ ref("int_customer_snapshots") }}
    group by as_of_date

),

counts as (

    select
        'segment_history' as table_name,
        as_of_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue
    from {{ ref("segment_history") }}
    group by as_of_date
    union all
    select
        'segment_migration' as table_name,
        to_date as as_of_date,
        sum(customer_count) as customer_count,
        null as net_revenue
    from {{ ref("segment_migration") }}
    group by to_date
    union all
    select
        'cluster_migration' as table_name,
        to_date as as_of_date,
        sum(customer_count) as customer_count,
        null as net_revenue
    from {{ ref("cluster_migration") }}
    group by to_date

)

select
    counts.table_name,
    counts.as_of_date,
    counts.customer_count,
    snapshots.customer_count as expected_customer_count
from counts
left join snapshots on counts.as_of_date = snapshots.as_of_date
where
    snapshots.customer_count is null
    or counts.customer_count != snapshots.customer_count
    or counts.net_revenue != snapshots.net_revenue
