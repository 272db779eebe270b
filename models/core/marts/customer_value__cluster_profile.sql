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
    from {{ ref("customer_value__customers") }}

),

cluster_names as (

    select
        cluster_id,
        cluster_label
    from {{ ref("int_customer_value__cluster_names") }}

),

labels as (

    select
        cluster_name as label_name,
        meaning
    from {{ ref("customer_value__cluster_labels") }}

),

profiles as (

    select
        cluster_id,
        cluster_name,
        {{ customer_profile_columns() }}
    from customers
    group by cluster_id, cluster_name

),

labelled as (

    select
        profiles.*,
        labels.meaning
    from profiles
    left join cluster_names on profiles.cluster_id = cluster_names.cluster_id
    left join labels on cluster_names.cluster_label = labels.label_name

),

cluster_profile as (

    select
        ---------- ids
        cast(cluster_id as {{ dbt.type_int() }}) as cluster_id,

        ---------- strings
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        cast(meaning as {{ dbt.type_string() }}) as meaning,

        ---------- numerics
        {{ customer_profile_measures() }}
    from labelled

)

select * from cluster_profile
