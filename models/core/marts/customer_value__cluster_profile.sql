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

-- A second cluster with the same label carries a number behind the label's name.
labelled as (

    select
        profiles.*,
        labels.meaning
    from profiles
    left join labels
        on
            profiles.cluster_name = labels.label_name
            or (
                substr(profiles.cluster_name, 1, length(labels.label_name) + 1)
                = concat(labels.label_name, ' ')
                and length(profiles.cluster_name) = length(labels.label_name) + 2
            )

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
