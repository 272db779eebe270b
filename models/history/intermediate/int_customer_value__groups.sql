{{ config(materialized="table") }}

{%- set tiers = {
    "VIP": "the top " ~ percent_text(var("vip_share")) ~ " by lifetime value",
    "High": "the next, up to " ~ percent_text(var("high_share")),
    "Medium": "the next, up to " ~ percent_text(var("medium_share")),
    "Low": "the rest, and whoever is expected to bring nothing",
} %}
with

segments as (

    select
        segment,
        segment_order,
        meaning
    from {{ ref("customer_value__segments") }}

),

cluster_names as (

    select
        cluster_id,
        cluster_label,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

labels as (

    select distinct
        cluster_name,
        meaning
    from {{ ref("customer_value__cluster_labels") }}

),

clusters as (

    select
        cluster_names.cluster_id,
        cluster_names.cluster_name,
        labels.meaning
    from cluster_names
    left join labels on cluster_names.cluster_label = labels.cluster_name

),

value_tiers as (
    {% for tier, meaning in tiers.items() %}
        select
            {{ loop.index }} as tier_order,
            '{{ tier }}' as value_tier,
            '{{ meaning }}' as meaning
        {{ "union all" if not loop.last }}
    {% endfor %}
),

customer_groups as (

    select
        'segment' as grouping_name,
        segment as group_name,
        meaning,
        segment_order as group_order
    from segments
    union all
    select
        'value_tier' as grouping_name,
        value_tier as group_name,
        meaning,
        tier_order as group_order
    from value_tiers
    union all
    select
        'cluster' as grouping_name,
        cluster_name as group_name,
        meaning,
        cluster_id as group_order
    from clusters

)

select * from customer_groups
