{{ config(materialized="table") }}

with

customers_clustered as (

    select
        customer_id,
        segment,
        cluster_name,
        net_revenue,
        recency_days,
        is_current,
        as_of_date
    from {{ ref("int_customer_clusters") }}

),

-- The calibration date is no step of the history, unless it is a month end.
history_dates as (

    select distinct as_of_date as history_date
    from {{ ref("int_as_of_dates") }}
    where as_of_role in ('history', 'current')

),

consecutive_dates as (

    select
        history_date,
        lag(history_date) over (order by history_date) as previous_date
    from history_dates

),

-- Who is there on one date is there on every later one, so the row before is the date
-- before.
with_previous as (

    select
        customers_clustered.*,
        consecutive_dates.previous_date,
        lag(customers_clustered.segment) over (
            partition by customers_clustered.customer_id
            order by customers_clustered.as_of_date
        ) as earlier_segment,
        lag(customers_clustered.cluster_name) over (
            partition by customers_clustered.customer_id
            order by customers_clustered.as_of_date
        ) as earlier_cluster_name
    from customers_clustered
    inner join consecutive_dates
        on customers_clustered.as_of_date = consecutive_dates.history_date

),

moves as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        segment,
        case when previous_date is not null then coalesce(earlier_segment, 'New') end
            as previous_segment,
        cluster_name,
        case
            when previous_date is not null then coalesce(earlier_cluster_name, 'New')
        end as previous_cluster_name,

        ---------- numerics
        net_revenue,
        recency_days,

        ---------- booleans
        is_current,

        ---------- dates
        as_of_date,
        previous_date
    from with_previous

)

select * from moves
