{%- set forecast_days = var("forecast_months") * 365 // 12 -%}
{%- set horizon_days = [var("horizon_days"), forecast_days] | min -%}
{%- set horizon_month = (horizon_days * 12 + 364) // 365 -%}
{%- set month_days = "(cast(365 as " ~ type_double() ~ ") / 12)" -%}
with

assumed as (

    select
        intervention,
        description,
        effect_basis,
        cast(effect_low as {{ type_double() }}) as effect_low,
        cast(effect_base as {{ type_double() }}) as effect_base,
        cast(effect_high as {{ type_double() }}) as effect_high,
        cast(effect_days as {{ type_double() }}) as effect_days,
        coalesce(cast(cost_share as {{ type_double() }}), 0) as cost_share,
        1 - coalesce(cast(pull_forward_share as {{ type_double() }}), 0) as kept_share,
        {{ any_if_empty("experiment") }} as experiment,
        cast(cost_per_customer as {{ type_double() }}) as cost_per_customer,
        cast(fixed_cost as {{ type_double() }}) as fixed_cost,
        cast(reach_share as {{ type_double() }}) as reach_share,
        cast(lead_time_days as {{ type_double() }}) as lead_time_days,
        source
    from {{ ref("customer_value__interventions") }}

),

{% if is_on("experiments") %}
    -- The lift of everybody assigned, at the ends of its interval; of several variants,
    -- the widest.
    measured_lifts as (

        select
            experiment,
            min(lower_bound / nullif(control_mean, 0)) as lift_low,
            avg(difference / nullif(control_mean, 0)) as lift_base,
            max(upper_bound / nullif(control_mean, 0)) as lift_high
        from {{ ref("customer_value__experiment_results") }}
        where metric = 'spend' and grouping_name = 'all' and health not like 'failed%'
        group by experiment

    ),

{% endif -%}
-- A measured effect replaces the assumed one. It is per customer assigned, and the
-- scenario counts those reached.
interventions as (

    select
        assumed.*,
        {% for effect_case in ["low", "base", "high"] %}
            {% if is_on("experiments") -%}
                coalesce(
                    measured_lifts.lift_{{ effect_case }}
                    / nullif(assumed.reach_share, 0),
                    assumed.effect_{{ effect_case }}
                )
            {%- else -%}
                assumed.effect_{{ effect_case }}
            {%- endif %} as used_effect_{{ effect_case }},
        {% endfor %}
        {{ "measured_lifts.lift_base is not null" if is_on("experiments")
            else "false" }} as is_measured
    from assumed
    {% if is_on("experiments") -%}
        left join measured_lifts
            on
                assumed.experiment = measured_lifts.experiment
                and assumed.effect_basis = 'purchases'
    {%- endif %}

),

baseline as (

    select
        intervention,
        target,
        month_ahead,
        customer_count,
        expected_purchases,
        absent_customers,
        cast(forecast_revenue as {{ type_double() }}) as forecast_revenue,
        cast(discounted_margin as {{ type_double() }}) as discounted_margin,
        cast(absent_purchase_value as {{ type_double() }}) as absent_purchase_value,
        absent_margin_share
    from {{ ref("int_customer_value__intervention_baselines") }}

),

at_horizon as (

    select
        intervention,
        absent_customers,
        absent_purchase_value,
        absent_margin_share
    from baseline
    where month_ahead = {{ horizon_month }}

),

-- An intervention works from the end of its lead time, as many days as its row says:
-- otherwise on purchases until the horizon, and customers who are won back come back
-- within activity_days.
windows as (

    select
        intervention,
        lead_time_days as window_start_day,
        case
            when effect_basis = 'purchases'
                then
                    least(
                        lead_time_days + coalesce(effect_days, {{ horizon_days }}),
                        {{ horizon_days }}
                    )
            else
                least(
                    lead_time_days + coalesce(effect_days, {{ var("activity_days") }}),
                    {{ horizon_days }}
                )
        end as window_end_day
    from interventions

),

months_in_window as (

    select
        interventions.intervention,
        interventions.effect_basis,
        baseline.month_ahead,
        baseline.expected_purchases,
        baseline.forecast_revenue,
        baseline.discounted_margin,
        at_horizon.absent_customers,
        at_horizon.absent_purchase_value,
        at_horizon.absent_margin_share,
        windows.window_end_day - windows.window_start_day as window_days,
        greatest(
            (baseline.month_ahead - 1) * {{ month_days }}, windows.window_start_day
        ) as start_day,
        least(baseline.month_ahead * {{ month_days }}, windows.window_end_day)
            as end_day
    from interventions
    inner join windows on interventions.intervention = windows.intervention
    inner join baseline on interventions.intervention = baseline.intervention
    inner join at_horizon on interventions.intervention = at_horizon.intervention

),

-- The result of an effect of 1 on everybody who is targeted, month by month.
unit_effects as (

    select
        intervention,
        month_ahead,
        start_day,
        end_day,
        case
            when effect_basis = 'purchases'
                then expected_purchases * (end_day - start_day) / {{ month_days }}
            else absent_customers * (end_day - start_day) / window_days
        end as unit_purchases,
        case
            when effect_basis = 'purchases'
                then forecast_revenue * (end_day - start_day) / {{ month_days }}
            else absent_purchase_value * (end_day - start_day) / window_days
        end as unit_revenue,
        case
            when effect_basis = 'purchases'
                then discounted_margin * (end_day - start_day) / {{ month_days }}
            else
                absent_purchase_value
                * (end_day - start_day)
                / window_days
                * absent_margin_share
                * exp(
                    -1 * ln(1 + {{ var("annual_discount_rate") }})
                    * (start_day + end_day) / 730.0
                )
        end as unit_margin
    from months_in_window
    where end_day > start_day

),

cumulated as (

    select
        *,
        sum(unit_margin) over (
            partition by intervention
            order by month_ahead
            rows between unbounded preceding and current row
        ) as cumulative_unit_margin
    from unit_effects

),

running_margins as (

    select
        *,
        coalesce(
            lag(cumulative_unit_margin) over (
                partition by intervention order by month_ahead
            ),
            0
        ) as previous_unit_margin
    from cumulated

),

unit_totals as (

    select
        intervention,
        {{ exact_sum("unit_purchases") }} as unit_purchases,
        {{ exact_sum("unit_revenue") }} as unit_revenue,
        {{ exact_sum("unit_margin") }} as unit_margin
    from unit_effects
    group by intervention

),

cases_by_effect as (
    {% for effect_case in ["low", "base", "high"] %}
        select
            '{{ effect_case }}' as effect_case,
            {{ loop.index }} as case_order,
            interventions.intervention,
            interventions.description,
            interventions.effect_basis,
            interventions.used_effect_{{ effect_case }} as effect_share,
            interventions.reach_share,
            interventions.lead_time_days,
            interventions.cost_share,
            interventions.experiment,
            interventions.is_measured,
            interventions.source,
            baseline.target,
            baseline.customer_count,
            baseline.customer_count * interventions.reach_share as customers_reached,
            interventions.fixed_cost
            + interventions.cost_per_customer
            * baseline.customer_count
            * interventions.reach_share as contact_cost,
            interventions.used_effect_{{ effect_case }} * interventions.reach_share
                as reached_effect,
            interventions.kept_share,
            -- Purchases that would have been made anyway earn the reward too.
            interventions.cost_share
            * interventions.reach_share
            * case when interventions.effect_basis = 'purchases' then 1 else 0 end
            * coalesce(unit_totals.unit_revenue, 0) as anyway_cost,
            coalesce(unit_totals.unit_purchases, 0) as unit_purchases,
            coalesce(unit_totals.unit_revenue, 0) as unit_revenue,
            coalesce(unit_totals.unit_margin, 0) as unit_margin
        from interventions
        inner join baseline
            on
                interventions.intervention = baseline.intervention
                and baseline.month_ahead = 1
        left join unit_totals
            on interventions.intervention = unit_totals.intervention
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- What is pulled forward is missing later, and is no effect.
cases as (

    select
        *,
        reached_effect * kept_share as effect_on_targeted,
        contact_cost
        + anyway_cost
        + cost_share * greatest(reached_effect, 0) * unit_revenue as cost
    from cases_by_effect

),

-- The margin is spread evenly over the month that brings the cost back, the first by
-- whose end it is reached; later months would be extrapolated backwards.
paybacks as (

    select
        cases.intervention,
        cases.effect_case,
        min(
            case
                when
                    running_margins.cumulative_unit_margin * cases.effect_on_targeted
                    >= cases.cost
                    and running_margins.previous_unit_margin * cases.effect_on_targeted
                    < cases.cost
                    then
                        running_margins.end_day
                        - (running_margins.end_day - running_margins.start_day)
                        * (
                            running_margins.cumulative_unit_margin
                            - cases.cost / cases.effect_on_targeted
                        )
                        / running_margins.unit_margin
            end
        ) as payback_day
    from cases
    inner join running_margins on cases.intervention = running_margins.intervention
    where cases.effect_on_targeted > 0 and running_margins.unit_margin > 0
    group by cases.intervention, cases.effect_case

),

intervention_return as (

    select
        ---------- strings
        cast(cases.intervention as {{ dbt.type_string() }}) as intervention,
        cast(cases.effect_case as {{ dbt.type_string() }}) as effect_case,
        cast(cases.description as {{ dbt.type_string() }}) as description,
        cast(cases.target as {{ dbt.type_string() }}) as target,
        cast(cases.effect_basis as {{ dbt.type_string() }}) as effect_basis,
        cast(
            concat(
                'interventions: ',
                cases.intervention,
                case
                    when cases.is_measured
                        then concat(', effect of the experiment ', cases.experiment)
                    else ''
                end
            ) as {{ dbt.type_string() }}
        ) as assumption_row,
        cast(
            case
                when cases.is_measured
                    then concat('effect: experiment; the rest: ', cases.source)
                else cases.source
            end as {{ dbt.type_string() }}
        ) as assumption_source,

        ---------- numerics
        cast(cases.case_order as {{ dbt.type_int() }}) as case_order,
        cast(cases.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(cases.reach_share as {{ type_double() }}) as reach_share,
        cast(cases.customers_reached as {{ type_double() }}) as customers_reached,
        cast(cases.effect_share as {{ type_double() }}) as effect_share,
        cast(cases.cost - cases.contact_cost as {{ type_money() }}) as reward_cost,
        cast(cases.cost as {{ type_money() }}) as cost,
        cast(
            cases.effect_on_targeted * cases.unit_purchases as {{ type_double() }}
        ) as incremental_purchases,
        cast(
            cases.effect_on_targeted * cases.unit_revenue as {{ type_money() }}
        ) as incremental_revenue,
        cast(
            cases.effect_on_targeted * cases.unit_margin as {{ type_money() }}
        ) as incremental_margin,
        cast(
            cases.effect_on_targeted * cases.unit_margin - cases.cost
            as {{ type_money() }}
        ) as net_return,
        cast(
            (cases.effect_on_targeted * cases.unit_margin - cases.cost)
            / nullif(cases.cost, 0) as {{ type_double() }}
        ) as return_on_investment,
        cast(
            case
                when cases.cost = 0 then 0
                else ceil(round(paybacks.payback_day, 6))
            end as {{ dbt.type_int() }}
        ) as payback_days,
        cast(
            case
                when
                    cases.kept_share * cases.unit_margin
                    > cases.cost_share * cases.unit_revenue
                    then
                        (cases.contact_cost + cases.anyway_cost)
                        / nullif(
                            cases.reach_share
                            * (
                                cases.kept_share * cases.unit_margin
                                - cases.cost_share * cases.unit_revenue
                            ),
                            0
                        )
            end as {{ type_double() }}
        ) as break_even_effect
    from cases
    left join paybacks
        on
            cases.intervention = paybacks.intervention
            and cases.effect_case = paybacks.effect_case

)

select * from intervention_return
