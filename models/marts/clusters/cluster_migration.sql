with

customers_clustered as (

    select
        customer_id,
        cluster_name,
        as_of_date
    from {{ ref("int_customer_clusters") }}

),

dates as (

    select
        as_of_date as history_date,
        previous_date
    from {{ ref("int_history_dates") }}

),

-- Who is there on one date is there on every later one, so the row before is the date
-- before. Today's centroids measure the past.
with_previous as (

    select
        customers_clustered.cluster_name,
        customers_clustered.as_of_date,
        dates.previous_date,
        lag(customers_clustered.cluster_name) over (
            partition by customers_clustered.customer_id
            order by customers_clustered.as_of_date
        ) as earlier_cluster_name
    from customers_clustered
    inner join dates on customers_clustered.as_of_date = dates.history_date

),

moves as (

    select
        previous_date,
        as_of_date,
        coalesce(earlier_cluster_name, 'New') as previous_cluster_name,
        cluster_name
    from with_previous
    where previous_date is not null

),

counts as (

    select
        previous_date,
        as_of_date,
        previous_cluster_name,
        cluster_name,
        count(*) as customer_count
    from moves
    group by previous_date, as_of_date, previous_cluster_name, cluster_name

),

cluster_migration as (

    select
        ---------- strings
        cast(previous_cluster_name as {{ dbt.type_string() }}) as from_cluster_name,
        cast(cluster_name as {{ dbt.type_string() }}) as to_cluster_name,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(
            cast(customer_count as {{ type_double() }})
            / sum(customer_count) over (
                partition by previous_date, previous_cluster_name
            ) as {{ type_double() }}
        ) as from_share,

        ---------- dates
        cast(previous_date as date) as from_date,
        cast(as_of_date as date) as to_date
    from counts

)

select * from cluster_migration
