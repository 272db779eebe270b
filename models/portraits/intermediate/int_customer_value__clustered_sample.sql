with

customer_sample as (

    select
        customer_id,
        recency_days,
        order_count,
        net_revenue
    from {{ ref("int_customer_value__customer_sample") }}
    where as_of_role = 'current'

),

customer_clusters as (

    select
        customer_id,
        cluster_id
    from {{ ref("int_customer_value__customer_clusters") }}

),

clustered_sample as (

    select
        ---------- ids
        customer_sample.customer_id,
        customer_clusters.cluster_id,

        ---------- numerics
        customer_sample.recency_days,
        customer_sample.order_count,
        customer_sample.net_revenue
    from customer_sample
    inner join customer_clusters
        on customer_sample.customer_id = customer_clusters.customer_id

)

select * from clustered_sample
