with

moves as (

    select
        previous_cluster_name,
        cluster_name,
        previous_date,
        as_of_date
    from {{ ref("int_customer_moves") }}
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
