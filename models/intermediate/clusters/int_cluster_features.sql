with

fit_customers as (

    select
        customer_id,
        recency_days,
        order_count,
        net_revenue
    from {{ ref("int_fit_customers") }}
    where as_of_role = 'current'

),

features as (

    select
        customer_id,
        {{ cluster_feature("recency_days") }} as recency,
        {{ cluster_feature("order_count") }} as frequency,
        {{ cluster_feature("net_revenue") }} as monetary
    from fit_customers

)

select * from features
