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

-- A curve that stops exactly at a half has its median there, whatever the last bit.
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
        cast(curve as {{ dbt.type_string() }}) as curve,
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_name as {{ dbt.type_string() }}) as group_name,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(event_count as {{ dbt.type_bigint() }}) as event_count,
        cast(first_quartile_day as {{ dbt.type_bigint() }}) as first_quartile_day,
        cast(median_day as {{ dbt.type_bigint() }}) as median_day,
        cast(last_day as {{ dbt.type_bigint() }}) as last_day,
        cast(last_survival as {{ type_double() }}) as last_survival
    from totals

)

select * from survival_summary
