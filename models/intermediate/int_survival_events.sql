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
        has_lapsed
    from {{ ref("int_survival_times") }}

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

-- Customers are counted once; the groupings add up what is left of them.
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
