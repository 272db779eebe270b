{#- The logarithms are summed as decimals: a sum of doubles depends on the order of the
    rows. #}
{%- set exact = type_decimal(38, 30) %}
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

-- Every curve starts on day 0, whether an event happened on it or not.
with_day_zero as (

    select * from survival_events
    union all
    select distinct
        curve,
        grouping_name,
        group_name,
        0 as day,
        0 as event_count,
        0 as censored_count
    from survival_events

),

counts as (

    select
        curve,
        grouping_name,
        group_name,
        day,
        sum(event_count) as event_count,
        sum(censored_count) as censored_count
    from with_day_zero
    group by curve, grouping_name, group_name, day

),

-- Customers whose time ends on a day, by the event or by censoring, were at risk on it.
risks as (

    select
        *,
        sum(event_count + censored_count) over (
            partition by curve, grouping_name, group_name
            order by day desc
            rows between unbounded preceding and current row
        ) as at_risk_count
    from counts

),

-- The factors of Kaplan & Meier (1958) and the terms of Greenwood's variance. On a day
-- that leaves nobody at risk the curve is 0 and has no variance.
terms as (

    select
        *,
        case
            when event_count < at_risk_count
                then
                    cast(
                        ln(
                            1 - cast(event_count as {{ type_double() }}) / at_risk_count
                        ) as {{ exact }}
                    )
        end as log_survival_term,
        case
            when event_count < at_risk_count
                then
                    cast(
                        cast(event_count as {{ type_double() }})
                        / at_risk_count
                        / (at_risk_count - event_count) as {{ exact }}
                    )
        end as greenwood_term
    from risks

),

sums as (

    select
        *,
        cast(
            sum(log_survival_term) over (
                partition by curve, grouping_name, group_name
                order by day
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as log_survival,
        cast(
            sum(greenwood_term) over (
                partition by curve, grouping_name, group_name
                order by day
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as greenwood_sum
    from terms

),

-- The interval is the log-log one (Kalbfleisch & Prentice 1980), which stays between 0
-- and 1; before the first event it is the point 1.
estimates as (

    select
        *,
        case when event_count < at_risk_count then exp(log_survival) else 0 end
            as survival,
        case
            when event_count < at_risk_count
                then exp(log_survival) * sqrt(greenwood_sum)
        end as standard_error,
        case
            when event_count = at_risk_count then null
            when log_survival = 0 then 1
            else
                exp(
                    log_survival
                    * exp(1.959963984540054 * sqrt(greenwood_sum) / abs(log_survival))
                )
        end as lower_95,
        case
            when event_count = at_risk_count then null
            when log_survival = 0 then 1
            else
                exp(
                    log_survival
                    * exp(-1.959963984540054 * sqrt(greenwood_sum) / abs(log_survival))
                )
        end as upper_95
    from sums

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
