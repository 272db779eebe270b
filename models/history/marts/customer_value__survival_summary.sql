with

survival_curves as (

    select
        curve,
        grouping_name,
        group_name,
        day,
        at_risk_count,
        event_count,
        survival
    from {{ ref("customer_value__survival_curves") }}

),

lapse_threshold as (

    select
        reason,
        lapse_after_days,
        percentile_95_days,
        gap_count
    from {{ ref("int_customer_value__lapse_threshold") }}

),

-- The tolerance lets a curve that stops exactly at a half have its median there.
totals as (

    select
        curve,
        grouping_name,
        group_name,
        max(at_risk_count) as customer_count,
        sum(event_count) as event_count,
        min(case when survival <= 0.75 + 1e-9 then day end) as first_quartile_day,
        min(case when survival <= 0.5 + 1e-9 then day end) as median_day,
        max(day) as last_day,
        min(survival) as last_survival
    from survival_curves
    group by curve, grouping_name, group_name

),

survival_summary as (

    select
        ---------- strings
        cast(totals.curve as {{ dbt.type_string() }}) as curve,
        cast(totals.grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(totals.group_name as {{ dbt.type_string() }}) as group_name,
        cast(lapse_threshold.reason as {{ dbt.type_string() }})
            as lapse_threshold_reason,

        ---------- numerics
        cast(totals.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(totals.event_count as {{ dbt.type_bigint() }}) as event_count,
        cast(totals.first_quartile_day as {{ dbt.type_bigint() }})
            as first_quartile_day,
        cast(totals.median_day as {{ dbt.type_bigint() }}) as median_day,
        cast(totals.last_day as {{ dbt.type_bigint() }}) as last_day,
        cast(totals.last_survival as {{ type_double() }}) as last_survival,
        cast(lapse_threshold.lapse_after_days as {{ dbt.type_bigint() }})
            as lapse_after_days,
        cast(lapse_threshold.percentile_95_days as {{ dbt.type_bigint() }})
            as percentile_95_days,
        cast(lapse_threshold.gap_count as {{ dbt.type_bigint() }}) as gap_count
    from totals
    cross join lapse_threshold

)

select * from survival_summary
