with

survival_events as (

    select
        curve,
        grouping_name,
        group_name,
        day,
        event_count,
        censored_count
    from {{ ref("int_customer_value__survival_events") }}

),

estimates as (

    {{ kaplan_meier("survival_events", ["curve", "grouping_name", "group_name"]) }}

),

survival_curves as (

    select
        ---------- strings
        cast(curve as {{ dbt.type_string() }}) as curve,
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_name as {{ dbt.type_string() }}) as group_name,

        ---------- numerics
        cast(day as {{ dbt.type_bigint() }}) as day,
        cast(at_risk_count as {{ dbt.type_bigint() }}) as at_risk_count,
        cast(event_count as {{ dbt.type_bigint() }}) as event_count,
        cast(censored_count as {{ dbt.type_bigint() }}) as censored_count,
        cast(survival as {{ type_double() }}) as survival,
        cast(standard_error as {{ type_double() }}) as standard_error,
        cast(lower_95 as {{ type_double() }}) as lower_95,
        cast(upper_95 as {{ type_double() }}) as upper_95
    from estimates

)

select * from survival_curves
