with

lifetime_values as (

    select * from {{ ref("int_customer_value__lifetime_values") }}

),

cluster_names as (

    select
        cluster_id,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

nearest as (

    {{ with_nearest_cluster("lifetime_values") }}

),

clustered as (

    select
        ---------- ids
        nearest.customer_id,
        nearest.cluster_id,

        ---------- strings
        nearest.rfm_code,
        nearest.segment,
        cluster_names.cluster_name,
        nearest.value_model,

        ---------- numerics
        nearest.r_score,
        nearest.f_score,
        nearest.m_score,
        nearest.order_count,
        nearest.purchase_day_count,
        nearest.repeat_count,
        nearest.net_revenue,
        nearest.mean_repeat_value,
        nearest.average_order_value,
        nearest.recency_days,
        nearest.last_purchase_age_days,
        nearest.customer_age_days,
        nearest.mean_days_between_purchases,
        nearest.days_between_purchases_cv,
        nearest.probability_alive,
        nearest.probability_active_90d,
        nearest.expected_purchases_90d,
        nearest.expected_purchases_365d,
        nearest.expected_purchase_value,
        nearest.lifetime_value_365d,

        ---------- dates
        nearest.as_of_date,
        nearest.first_purchase_date,
        nearest.last_purchase_date
    from nearest
    left join cluster_names on nearest.cluster_id = cluster_names.cluster_id

)

select * from clustered
