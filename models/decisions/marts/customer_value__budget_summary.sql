{%- set cases = ["low", "base", "high"] -%}
with

budget_scenarios as (

    select
        scenario,
        scenario_order,
        budget,
        budget_change,
        marginal_return,
        forecast_value,
        {% for effect_case in cases %}
            response_value_{{ effect_case }},
            projected_value_{{ effect_case }},
            value_change_{{ effect_case }},
            net_change_{{ effect_case }},
        {% endfor %}
        assumption_source
    from {{ ref("customer_value__budget_scenarios") }}

),

acquisition_return as (

    select
        customer_count,
        acquisition_cost,
        assumption_source
    from {{ ref("customer_value__acquisition_return") }}
    where grouping_name = 'cohort' and acquisition_cost is not null

),

customer_months as (

    select
        customer_id,
        cast(net_margin as {{ type_double() }}) as net_margin,
        month_start_date,
        cohort_start_date
    from {{ ref("int_customer_value__customer_months") }}

),

months as (

    select month_start_date
    from {{ ref("int_customer_value__months") }}
    where is_complete

),

totals as (

    select
        scenario,
        scenario_order,
        sum(budget) as budget,
        sum(budget_change) as budget_change,
        min(case when budget > 0 then marginal_return end) as lowest_marginal_return,
        sum(forecast_value) as forecast_value,
        {% for effect_case in cases %}
            sum(response_value_{{ effect_case }}) as response_value_{{ effect_case }},
            sum(projected_value_{{ effect_case }}) as projected_value_{{ effect_case }},
            sum(value_change_{{ effect_case }}) as value_change_{{ effect_case }},
            sum(net_change_{{ effect_case }}) as net_change_{{ effect_case }},
        {% endfor %}
        max(assumption_source) as assumption_source
    from budget_scenarios
    group by scenario, scenario_order

),

costs as (

    select
        cast(sum(acquisition_cost) as {{ type_double() }})
        / nullif(sum(customer_count), 0) as cost_per_customer,
        max(assumption_source) as assumption_source
    from acquisition_return

),

cohorts as (

    select
        cohort_start_date,
        count(distinct customer_id) as customer_count
    from customer_months
    where cohort_start_date is not null
    group by cohort_start_date

),

-- Every cohort counts in the months that are over for all of it.
cohort_ages as (

    select
        cohorts.cohort_start_date,
        cohorts.customer_count,
        months.month_start_date,
        {{ date_diff_months("cohorts.cohort_start_date", "months.month_start_date") }}
            as months_since
    from cohorts
    inner join months on cohorts.cohort_start_date <= months.month_start_date

),

cohort_margins as (

    select
        cohort_start_date,
        month_start_date,
        {{ exact_sum("net_margin") }} as margin
    from customer_months
    group by cohort_start_date, month_start_date

),

margins_by_age as (

    select
        cohort_ages.months_since,
        coalesce({{ exact_sum("cohort_margins.margin") }}, 0)
        / sum(cohort_ages.customer_count) as margin_per_customer
    from cohort_ages
    left join cohort_margins
        on
            cohort_ages.cohort_start_date = cohort_margins.cohort_start_date
            and cohort_ages.month_start_date = cohort_margins.month_start_date
    group by cohort_ages.months_since

),

-- The budget of a scenario lifts what customers bring after the month in which they
-- came.
lifted as (

    select
        totals.scenario,
        margins_by_age.months_since,
        margins_by_age.margin_per_customer
        * case
            when margins_by_age.months_since = 0 then 1
            else
                cast(totals.projected_value_base as {{ type_double() }})
                / nullif(cast(totals.forecast_value as {{ type_double() }}), 0)
        end as margin_per_customer
    from totals
    cross join margins_by_age

),

cumulated as (

    select
        *,
        sum(margin_per_customer) over (
            partition by scenario
            order by months_since
            rows between unbounded preceding and current row
        ) as cumulative_margin
    from lifted

),

crossings as (

    select
        cumulated.scenario,
        min(cumulated.months_since) as months_since
    from cumulated
    cross join costs
    where cumulated.cumulative_margin >= costs.cost_per_customer
    group by cumulated.scenario

),

-- The margin of a month is spread evenly over it.
paybacks as (

    select
        crossings.scenario,
        crossings.months_since
        + 1
        - (cumulated.cumulative_margin - costs.cost_per_customer)
        / nullif(cumulated.margin_per_customer, 0) as payback_months
    from crossings
    inner join cumulated
        on
            crossings.scenario = cumulated.scenario
            and crossings.months_since = cumulated.months_since
    cross join costs

),

budget_summary as (

    select
        ---------- strings
        cast(totals.scenario as {{ dbt.type_string() }}) as scenario,
        cast(
            concat(
                'budget: ',
                totals.assumption_source,
                '; acquisition cost: ',
                coalesce(costs.assumption_source, 'none')
            ) as {{ dbt.type_string() }}
        ) as assumption_source,

        ---------- numerics
        cast(totals.scenario_order as {{ dbt.type_int() }}) as scenario_order,
        cast(totals.budget as {{ type_money() }}) as budget,
        cast(totals.budget_change as {{ type_money() }}) as budget_change,
        cast(totals.lowest_marginal_return as {{ type_double() }})
            as lowest_marginal_return,
        cast(totals.forecast_value as {{ type_money() }}) as forecast_value,
        {% for effect_case in cases %}
            {% for name in [
                "response_value", "projected_value", "value_change", "net_change"
            ] %}
                cast(totals.{{ name }}_{{ effect_case }} as {{ type_money() }})
                    as {{ name }}_{{ effect_case }},
            {% endfor %}
        {% endfor %}
        cast(costs.cost_per_customer as {{ type_double() }})
            as acquisition_cost_per_customer,
        cast(paybacks.payback_months as {{ type_double() }})
            as acquisition_payback_months
    from totals
    cross join costs
    left join paybacks on totals.scenario = paybacks.scenario

)

select * from budget_summary
