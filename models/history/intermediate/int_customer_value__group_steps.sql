{{ config(materialized="table") }}

with

-- All three groupings are sums of the moves from one combination of groups to another,
-- of which there are few, however many the customers.
steps as (

    select
        segment,
        value_tier,
        cluster_name,
        previous_segment,
        previous_value_tier,
        previous_cluster_name,
        previous_as_of_date,
        as_of_date,
        count(*) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(recency_days) as recency_days,
        count(
            case
                when
                    {{ has_bought_since(
                        "recency_days", "previous_as_of_date", "as_of_date"
                    ) }}
                    then 1
            end
        ) as buying_customer_count
    from {{ ref("int_customer_value__customer_groups") }}
    group by
        segment,
        value_tier,
        cluster_name,
        previous_segment,
        previous_value_tier,
        previous_cluster_name,
        previous_as_of_date,
        as_of_date

),

segment_steps as (

    select
        'segment' as grouping_name,
        previous_segment as from_group,
        segment as to_group,
        previous_as_of_date,
        as_of_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(recency_days) as recency_days,
        sum(buying_customer_count) as buying_customer_count
    from steps
    group by previous_segment, segment, previous_as_of_date, as_of_date

),

value_tier_steps as (

    select
        'value_tier' as grouping_name,
        previous_value_tier as from_group,
        value_tier as to_group,
        previous_as_of_date,
        as_of_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(recency_days) as recency_days,
        sum(buying_customer_count) as buying_customer_count
    from steps
    group by previous_value_tier, value_tier, previous_as_of_date, as_of_date

),

-- Where no clusters were found, customers are in none.
cluster_steps as (

    select
        'cluster' as grouping_name,
        previous_cluster_name as from_group,
        cluster_name as to_group,
        previous_as_of_date,
        as_of_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(recency_days) as recency_days,
        sum(buying_customer_count) as buying_customer_count
    from steps
    where cluster_name is not null
    group by previous_cluster_name, cluster_name, previous_as_of_date, as_of_date

),

all_steps as (

    select * from segment_steps
    union all
    select * from value_tier_steps
    union all
    select * from cluster_steps

),

group_steps as (

    select
        ---------- strings
        grouping_name,
        from_group,
        to_group,

        ---------- numerics
        cast(customer_count as bigint) as customer_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(recency_days as bigint) as recency_days,
        cast(buying_customer_count as bigint) as buying_customer_count,

        ---------- dates
        previous_as_of_date,
        as_of_date
    from all_steps

)

select * from group_steps
