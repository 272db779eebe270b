{{ config(materialized="table") }}

with

customer_scores as (

    select
        customer_id,
        segment,
        {% for column in cluster_behaviours() -%}
            {{ column }},
        {% endfor -%}
        order_count,
        net_revenue,
        recency_days,
        as_of_date
    from {{ ref("int_customer_value__customer_scores") }}

),

history_dates as (

    select
        as_of_date,
        previous_as_of_date
    from {{ ref("int_customer_value__history_dates") }}

),

past_value_tiers as (

    select
        customer_id,
        value_tier,
        lifetime_value_365d,
        as_of_date
    from {{ ref("int_customer_value__past_value_tiers") }}

),

cluster_names as (

    select
        cluster_id,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

customers_by_date as (

    select
        customer_scores.*,
        history_dates.previous_as_of_date
    from customer_scores
    inner join history_dates on customer_scores.as_of_date = history_dates.as_of_date

),

-- Past customers are measured with today's centroids.
nearest as (

    {{ with_nearest_cluster("customers_by_date") }}

),

named as (

    select
        nearest.customer_id,
        nearest.segment,
        past_value_tiers.value_tier,
        cluster_names.cluster_name,
        nearest.order_count,
        nearest.net_revenue,
        past_value_tiers.lifetime_value_365d,
        nearest.recency_days,
        nearest.as_of_date,
        nearest.previous_as_of_date
    from nearest
    left join past_value_tiers
        on
            nearest.customer_id = past_value_tiers.customer_id
            and nearest.as_of_date = past_value_tiers.as_of_date
    left join cluster_names on nearest.cluster_id = cluster_names.cluster_id

),

-- A customer has a row on every date after their first purchase, so the previous row is
-- that of the previous date.
with_previous as (

    select
        *,
        lag(segment) over (
            partition by customer_id order by as_of_date
        ) as earlier_segment,
        lag(value_tier) over (
            partition by customer_id order by as_of_date
        ) as earlier_value_tier,
        lag(cluster_name) over (
            partition by customer_id order by as_of_date
        ) as earlier_cluster_name,
        lag(net_revenue) over (
            partition by customer_id order by as_of_date
        ) as previous_net_revenue
    from named

),

customer_groups as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        segment,
        value_tier,
        cluster_name,
        case
            when previous_as_of_date is not null then coalesce(earlier_segment, 'New')
        end as previous_segment,
        case
            when previous_as_of_date is not null
                then coalesce(earlier_value_tier, 'New')
        end as previous_value_tier,
        case
            when previous_as_of_date is not null
                then coalesce(earlier_cluster_name, 'New')
        end as previous_cluster_name,

        ---------- numerics
        order_count,
        net_revenue,
        previous_net_revenue,
        lifetime_value_365d,
        recency_days,

        ---------- dates
        as_of_date,
        previous_as_of_date
    from with_previous

)

select * from customer_groups
