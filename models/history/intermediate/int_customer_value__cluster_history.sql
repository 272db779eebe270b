with

snapshots as (

    select
        customer_id,
        recency_days,
        order_count,
        net_revenue,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}

),

dates as (

    select
        as_of_date as history_date,
        previous_date
    from {{ ref("int_customer_value__history_dates") }}

),

of_history as (

    select
        snapshots.*,
        dates.previous_date
    from snapshots
    inner join dates on snapshots.as_of_date = dates.history_date

),

nearest as (

    {{ with_nearest_cluster("of_history") }}

),

cluster_history as (

    select
        ---------- ids
        customer_id,
        cluster_id,

        ---------- dates
        as_of_date,
        previous_date
    from nearest

)

select * from cluster_history
