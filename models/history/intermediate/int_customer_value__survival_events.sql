{{ config(materialized="table") }}

with

survival_times as (

    select
        customer_id,
        acquisition_quarter,
        first_value_band,
        second_purchase_day,
        lapse_day,
        has_second_purchase,
        has_lapsed,
        entry_segment,
        retention_day,
        has_lapsed_since_entry
    from {{ ref("int_customer_value__survival_times") }}

),

attributes as (

    select
        customer_id,
        attribute,
        group_name
    from {{ ref("int_customer_value__attribute_groups") }}

),

curves as (

    select
        'second_purchase' as curve,
        customer_id,
        acquisition_quarter,
        first_value_band,
        second_purchase_day as day,
        case when has_second_purchase then 1 else 0 end as event_count
    from survival_times
    union all
    select
        'lapse' as curve,
        customer_id,
        acquisition_quarter,
        first_value_band,
        lapse_day as day,
        case when has_lapsed then 1 else 0 end as event_count
    from survival_times
    where lapse_day is not null

),

-- Customers are counted once per day and attribute; the groupings add up the counts.
curve_days as (

    select
        curve,
        acquisition_quarter,
        first_value_band,
        day,
        sum(event_count) as event_count,
        sum(1 - event_count) as censored_count
    from curves
    group by curve, acquisition_quarter, first_value_band, day

),

attribute_names as (

    select distinct attribute
    from attributes

),

curve_attributes as (

    select
        curves.curve,
        curves.customer_id,
        curves.day,
        curves.event_count,
        attribute_names.attribute
    from curves
    cross join attribute_names

),

attribute_days as (

    select
        curve_attributes.curve,
        curve_attributes.attribute,
        coalesce(attributes.group_name, 'unknown') as group_name,
        curve_attributes.day,
        sum(curve_attributes.event_count) as event_count,
        sum(1 - curve_attributes.event_count) as censored_count
    from curve_attributes
    left join attributes
        on
            curve_attributes.customer_id = attributes.customer_id
            and curve_attributes.attribute = attributes.attribute
    group by
        curve_attributes.curve,
        curve_attributes.attribute,
        coalesce(attributes.group_name, 'unknown'),
        curve_attributes.day

),

groupings as (

    select
        curve,
        'overall' as grouping_name,
        'all' as group_name,
        day,
        event_count,
        censored_count
    from curve_days
    union all
    select
        curve,
        'acquisition_quarter' as grouping_name,
        acquisition_quarter as group_name,
        day,
        event_count,
        censored_count
    from curve_days
    union all
    select
        curve,
        'first_value_band' as grouping_name,
        first_value_band as group_name,
        day,
        event_count,
        censored_count
    from curve_days
    union all
    select
        curve,
        attribute as grouping_name,
        group_name,
        day,
        event_count,
        censored_count
    from attribute_days
    union all
    select
        'retention' as curve,
        'segment' as grouping_name,
        entry_segment as group_name,
        retention_day as day,
        sum(case when has_lapsed_since_entry then 1 else 0 end) as event_count,
        sum(case when has_lapsed_since_entry then 0 else 1 end) as censored_count
    from survival_times
    where retention_day is not null
    group by entry_segment, retention_day

),

events as (

    select
        ---------- strings
        curve,
        grouping_name,
        group_name,

        ---------- numerics
        cast(day as bigint) as day,
        cast(sum(event_count) as bigint) as event_count,
        cast(sum(censored_count) as bigint) as censored_count
    from groupings
    group by curve, grouping_name, group_name, day

)

select * from events
