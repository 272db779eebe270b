with

snapshots as (

    select
        customer_id,
        {% for column in cluster_behaviours() -%}
            {{ column }},
        {% endfor -%}
        recency_days,
        order_count,
        net_revenue
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

cluster_names as (

    select
        cluster_id,
        cluster_label,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

nearest as (

    {{ with_nearest_cluster("snapshots") }}

),

customer_clusters as (

    select
        ---------- ids
        nearest.customer_id,
        nearest.cluster_id,

        ---------- strings
        cluster_names.cluster_label,
        cluster_names.cluster_name
    from nearest
    left join cluster_names on nearest.cluster_id = cluster_names.cluster_id

)

select * from customer_clusters
