with

customers as (

    select
        customer_id,
        cluster_id,
        cluster_name,
        order_count,
        net_revenue,
        recency_days,
        lifetime_value_365d
    from {{ ref("customers") }}

),

labels as (

    select
        cluster_name as label_name,
        meaning
    from {{ ref("cluster_labels") }}

),

profiles as (

    select
        cluster_id,
        cluster_name,
        {{ customer_profile_columns() }}
    from customers
    group by cluster_id, cluster_name

),

cluster_profile as (

    select
        ---------- ids
        cast(cluster_id as {{ dbt.type_int() }}) as cluster_id,

        ---------- strings
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        -- A namesake carries a number behind the label's name.
        cast(meaning as {{ dbt.type_string() }}) as meaning,

        ---------- numerics
        {{ customer_profile_measures() }}
    from profiles
    left join labels
        on
            cluster_name = label_name
            or substr(cluster_name, 1, length(label_name) + 1) = concat(label_name, ' ')
            and length(cluster_name) = length(label_name) + 2

)

select * from cluster_profile
