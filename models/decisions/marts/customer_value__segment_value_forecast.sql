with

segments as (

    select
        segment,
        segment_order
    from {{ ref("customer_value__segments") }}

),

segment_months as (

    select
        segment,
        month_ahead,
        customer_count,
        expected_alive_customers,
        expected_active_customers,
        expected_purchases,
        forecast_revenue,
        discounted_margin
    from {{ ref("int_customer_value__segment_forecast_months") }}

),

current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

observed as (

    select
        day,
        survival
    from {{ ref("customer_value__survival_curves") }}
    where curve = 'lapse' and grouping_name = 'overall'

),

months as (
    {% for month in range(1, var("forecast_months") + 1) %}
        select
            {{ month }} as month_ahead,
            {{ (365 * month + 11) // 12 }} as month_end_day
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- A curve is a staircase: what holds on a day is the last step up to it.
observed_months as (

    select
        months.month_ahead,
        case
            when max(observed.day) >= months.month_end_day
                then
                    min(
                        case
                            when observed.day <= months.month_end_day
                                then observed.survival
                        end
                    )
        end as observed_survival
    from months
    cross join observed
    group by months.month_ahead, months.month_end_day

),

retained as (

    select
        group_name as segment,
        day,
        at_risk_count,
        survival,
        lower_95,
        upper_95
    from {{ ref("customer_value__survival_curves") }}
    where curve = 'retention'

),

retained_steps as (

    select
        retained.segment,
        months.month_ahead,
        months.month_end_day,
        max(retained.day) as last_day,
        max(retained.at_risk_count) as customer_count,
        max(case when retained.day <= months.month_end_day then retained.day end)
            as step_day
    from months
    cross join retained
    group by retained.segment, months.month_ahead, months.month_end_day

),

retained_months as (

    select
        retained_steps.segment,
        retained_steps.month_ahead,
        retained_steps.customer_count as observed_customer_count,
        retained.survival as observed_retention,
        retained.lower_95 as observed_lower_95,
        retained.upper_95 as observed_upper_95
    from retained_steps
    inner join retained
        on
            retained_steps.segment = retained.segment
            and retained_steps.step_day = retained.day
    -- A curve that has reached 0 stays there.
    where
        retained_steps.last_day >= retained_steps.month_end_day
        or retained.survival = 0

),

forecasts as (

    select
        segments.segment,
        segments.segment_order,
        months.month_ahead,
        observed_months.observed_survival,
        retained_months.observed_customer_count,
        retained_months.observed_retention,
        retained_months.observed_lower_95,
        retained_months.observed_upper_95,
        coalesce(segment_months.customer_count, 0) as customer_count,
        coalesce(segment_months.expected_alive_customers, 0)
            as expected_alive_customers,
        coalesce(segment_months.expected_active_customers, 0)
            as expected_active_customers,
        coalesce(segment_months.expected_purchases, 0) as expected_purchases,
        coalesce(segment_months.forecast_revenue, 0) as forecast_revenue,
        coalesce(segment_months.discounted_margin, 0) as discounted_margin,
        first_months.expected_active_customers as first_active_customers,
        {{ date_add_days("current_dates.as_of_date", "months.month_end_day") }}
            as month_end_date
    from segments
    cross join months
    cross join current_dates
    left join segment_months
        on
            segments.segment = segment_months.segment
            and months.month_ahead = segment_months.month_ahead
    left join segment_months as first_months
        on segments.segment = first_months.segment and first_months.month_ahead = 1
    left join observed_months on months.month_ahead = observed_months.month_ahead
    left join retained_months
        on
            segments.segment = retained_months.segment
            and months.month_ahead = retained_months.month_ahead

),

with_retention as (

    select
        *,
        expected_active_customers / nullif(first_active_customers, 0)
            as retention_share
    from forecasts

),

segment_value_forecast as (

    select
        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,

        ---------- numerics
        cast(segment_order as {{ dbt.type_int() }}) as segment_order,
        cast(month_ahead as {{ dbt.type_int() }}) as month_ahead,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(expected_alive_customers as {{ type_double() }})
            as expected_alive_customers,
        cast(expected_active_customers as {{ type_double() }})
            as expected_active_customers,
        cast(expected_purchases as {{ type_double() }}) as expected_purchases,
        cast(forecast_revenue as {{ type_money() }}) as forecast_revenue,
        cast(discounted_margin as {{ type_money() }}) as discounted_margin,
        cast(retention_share as {{ type_double() }}) as retention_share,
        cast(
            min(
                case
                    when retention_share < {{ var("decay_retention_share") }}
                        then month_ahead
                end
            ) over (partition by segment) as {{ dbt.type_int() }}
        ) as decay_month,
        cast(observed_customer_count as {{ dbt.type_bigint() }})
            as observed_customer_count,
        cast(observed_retention as {{ type_double() }}) as observed_retention,
        cast(observed_lower_95 as {{ type_double() }}) as observed_lower_95,
        cast(observed_upper_95 as {{ type_double() }}) as observed_upper_95,
        cast(
            min(
                case
                    when observed_retention < {{ var("decay_retention_share") }}
                        then month_ahead
                end
            ) over (partition by segment) as {{ dbt.type_int() }}
        ) as observed_decay_month,
        cast(observed_survival as {{ type_double() }}) as observed_survival,

        ---------- dates
        cast(month_end_date as date) as month_end_date
    from with_retention

)

select * from segment_value_forecast
