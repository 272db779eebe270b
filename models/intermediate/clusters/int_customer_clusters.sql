{%- set features = ["recency", "frequency", "monetary"] -%}
{%- set most_clusters = largest_cluster_count() -%}
with

customers_scored as (

    select * from {{ ref("int_customer_scores") }}

),

centroids as (

    select
        cluster_id,
        feature,
        centre,
        lower_cap,
        upper_cap,
        feature_mean,
        feature_deviation
    from {{ ref("fit_clusters") }}
    where is_selected

),

cluster_names as (

    select
        cluster_id,
        cluster_name
    from {{ ref("int_cluster_names") }}

),

model_in_one_row as (

    select
        {{ cluster_model_columns(features, most_clusters) }}
    from centroids

),

measured as (

    select
        customers_scored.*,
        model_in_one_row.*
    from customers_scored
    cross join model_in_one_row

),

-- The caps and the scale of the fit.
standardised as (

    select
        *,
        {{ standardised_feature("recency_days", "recency") }} as recency,
        {{ standardised_feature("order_count", "frequency") }} as frequency,
        {{ standardised_feature("net_revenue", "monetary") }} as monetary
    from measured

),

distances as (

    select
        *,
        {{ distances_to_centroids(features, most_clusters) }}
    from standardised

),

nearest as (

    select
        *,
        {{ nearest_cluster(most_clusters) }} as cluster_id
    from distances

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

        ---------- numerics
        nearest.r_score,
        nearest.f_score,
        nearest.m_score,
        nearest.order_count,
        nearest.purchase_day_count,
        nearest.repeat_count,
        nearest.paid_repeat_count,
        nearest.net_revenue,
        nearest.mean_repeat_value,
        nearest.average_order_value,
        nearest.recency_days,
        nearest.last_purchase_age_days,
        nearest.customer_age_days,
        nearest.mean_days_between_purchases,
        nearest.days_between_purchases_cv,

        ---------- booleans
        nearest.is_current,
        nearest.is_calibration,

        ---------- dates
        nearest.as_of_date,
        nearest.first_purchase_date,
        nearest.last_purchase_date
    from nearest
    left join cluster_names on nearest.cluster_id = cluster_names.cluster_id

)

select * from clustered
