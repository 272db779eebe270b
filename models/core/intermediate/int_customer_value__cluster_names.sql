{{ config(materialized="table") }}

with

centroids as (

    select
        cluster_id,
        feature,
        centre
    from {{ ref("fit_customer_value__clusters") }}
    where is_selected

),

labels as (

    select
        recency_level,
        frequency_level,
        monetary_level,
        cluster_name
    from {{ ref("customer_value__cluster_labels") }}

),

-- A centroid within half a standard deviation of the population's mean is typical.
centroids_in_one_row as (

    select
        cluster_id,
        case
            when max(case when feature = 'recency' then centre end) > 0.5 then 'lapsed'
            when max(case when feature = 'recency' then centre end) < -0.5 then 'recent'
            else 'typical'
        end as recency_level,
        case
            when max(case when feature = 'frequency' then centre end) > 0.5
                then 'frequent'
            when max(case when feature = 'frequency' then centre end) < -0.5 then 'rare'
            else 'typical'
        end as frequency_level,
        case
            when max(case when feature = 'monetary' then centre end) > 0.5 then 'high'
            when max(case when feature = 'monetary' then centre end) < -0.5 then 'low'
            else 'typical'
        end as monetary_level
    from centroids
    group by cluster_id

),

numbered_names as (

    select
        centroids_in_one_row.cluster_id,
        labels.cluster_name,
        row_number() over (
            partition by labels.cluster_name order by centroids_in_one_row.cluster_id
        ) as namesake_number
    from centroids_in_one_row
    inner join labels
        on
            centroids_in_one_row.recency_level = labels.recency_level
            and centroids_in_one_row.frequency_level = labels.frequency_level
            and centroids_in_one_row.monetary_level = labels.monetary_level

),

cluster_names as (

    select
        cluster_id,
        case
            when namesake_number = 1 then cluster_name
            else
                concat(
                    cluster_name,
                    ' ',
                    cast(namesake_number as {{ dbt.type_string() }})
                )
        end as cluster_name
    from numbered_names

)

select * from cluster_names
