{{ config(materialized="table") }}

{%- set rules = seed_conditions("interventions", "intervention") -%}
{%- set fits = [] -%}
{%- for intervention, rule in rules.items() -%}
    {%- do fits.append(
        "interventions.intervention = " ~ quoted_text(intervention)
        ~ " and (" ~ rule.condition ~ ")"
    ) -%}
{%- endfor %}
with

-- A condition may name any column, so that no other table has one of these names.
customers as (

    select *
    from {{ ref("customer_value__customers") }}

),

customer_forecasts as (

    select
        customer_id as forecast_customer_id,
        {{ "fit_role," if fits_groups() }}
        probability_alive as forecast_probability_alive,
        purchases_factor,
        margin_share as forecast_margin_share
    from {{ ref("int_customer_value__customer_forecasts") }}

),

interventions as (

    select
        intervention,
        {{ any_if_empty("segment") }} as target_segment,
        {{ any_if_empty("value_tier") }} as target_value_tier,
        {{ any_if_empty("cluster_name") }} as target_cluster_name,
        nullif(trim(condition), '') as target_condition
    from {{ ref("customer_value__interventions") }}

),

monthly_purchases as (

    select
        {{ "fit_role," if fits_groups() }}
        repeat_count,
        customer_age_days,
        month_ahead,
        alive_if_alive,
        active_if_alive,
        active_so_far_if_alive,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("int_customer_value__monthly_purchases") }}

),

months as (
    {% for month in range(1, var("forecast_months") + 1) %}
        select {{ month }} as month_ahead
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- The names of clusters that share one end in a number.
targeted as (

    select
        interventions.intervention,
        customers.repeat_count,
        customers.customer_age_days,
        customers.expected_purchase_value,
        {{ "customer_forecasts.fit_role," if fits_groups() }}
        customer_forecasts.forecast_probability_alive as probability_alive,
        customer_forecasts.purchases_factor,
        customer_forecasts.forecast_margin_share as margin_share
    from customers
    inner join customer_forecasts
        on customers.customer_id = customer_forecasts.forecast_customer_id
    inner join interventions
        on
            interventions.target_segment in (customers.segment, '*')
            and interventions.target_value_tier in (customers.value_tier, '*')
            and interventions.target_cluster_name in (
                {{ regexp_remove("customers.cluster_name", " [0-9]+$") }}, '*'
            )
    where
        interventions.target_condition is null
        or ({{ fits | join(") or (") if fits else "1 = 0" }})

),

patterns as (

    select
        intervention,
        {{ value_pattern_columns() }}
    from targeted
    group by
        intervention,
        {{ "fit_role," if fits_groups() }}
        repeat_count,
        customer_age_days

),

expected as (

    {{ expected_months("patterns", ["intervention"]) }}

),

targets_in_words as (

    select
        intervention,
        substr(
            concat(
                {% for key in ["segment", "value_tier", "cluster_name"] -%}
                    case
                        when target_{{ key }} = '*' then ''
                        else concat(' and {{ key }} = ', target_{{ key }})
                    end,
                {% endfor -%}
                case
                    when target_condition is null then ''
                    else concat(' and ', target_condition)
                end
            ),
            6
        ) as target
    from interventions

),

intervention_baselines as (

    select
        ---------- strings
        interventions.intervention,
        case
            when targets_in_words.target = '' then 'everybody'
            else targets_in_words.target
        end as target,

        ---------- numerics
        cast(
            coalesce(expected.customer_count, 0) as {{ dbt.type_bigint() }}
        ) as customer_count,
        {% for name in [
            "expected_active_customers", "expected_purchases", "absent_customers"
        ] %}
            cast(coalesce(expected.{{ name }}, 0) as {{ type_double() }}) as {{ name }},
        {% endfor %}
        {% for name in [
            "forecast_revenue", "discounted_margin", "absent_purchase_value"
        ] %}
            cast(coalesce(expected.{{ name }}, 0) as {{ type_money() }}) as {{ name }},
        {% endfor %}
        coalesce(
            {{ shared_margin(
                "expected.absent_purchase_margin", "expected.absent_purchase_value"
            ) }},
            0
        ) as absent_margin_share,
        months.month_ahead
    from interventions
    cross join months
    inner join targets_in_words
        on interventions.intervention = targets_in_words.intervention
    left join expected
        on
            interventions.intervention = expected.intervention
            and months.month_ahead = expected.month_ahead

)

select * from intervention_baselines
