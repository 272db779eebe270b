with

snapshots as (

    select
        customer_id,
        recency_days,
        order_count,
        net_revenue,
        is_current
    from {{ ref("int_customer_snapshots") }}
    where is_current

),

populations as (

    select customer_count
    from {{ ref("int_fit_populations") }}
    where as_of_role = 'current'

),

features as (

    select
        snapshots.customer_id,
        {{ cluster_feature("recency_days") }} as recency,
        {{ cluster_feature("order_count") }} as frequency,
        {{ cluster_feature("net_revenue") }} as monetary
    from snapshots
    cross join populations
    where {{ in_fit_sample("snapshots.customer_id", "populations.customer_count") }}

)

select * from features
