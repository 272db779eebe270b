with

cluster_history as (

    select
        customer_id,
        cluster_id,
        as_of_date,
        previous_date
    from {{ ref("int_customer_value__cluster_history") }}

),

cluster_names as (

    select
        cluster_id,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

-- Who is there on one date is there on every later one, so the row before is the date
-- before.
with_earlier as (

    select
        cluster_id,
        as_of_date,
        previous_date,
        lag(cluster_id) over (
            partition by customer_id
            order by as_of_date
        ) as earlier_cluster_id
    from cluster_history

),

steps as (

    select
        previous_date,
        as_of_date,
        earlier_cluster_id,
        cluster_id,
        count(*) as customer_count
    from with_earlier
    where previous_date is not null
    group by previous_date, as_of_date, earlier_cluster_id, cluster_id

),

counts as (

    select
        steps.previous_date,
        steps.as_of_date,
        coalesce(earlier_names.cluster_name, 'New') as previous_cluster_name,
        cluster_names.cluster_name,
        steps.customer_count
    from steps
    inner join cluster_names on steps.cluster_id = cluster_names.cluster_id
    left join cluster_names as earlier_names
        on steps.earlier_cluster_id = earlier_names.cluster_id

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
