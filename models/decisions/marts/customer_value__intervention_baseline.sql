{{ config(pre_hook="{{ require_interventions() }}") }}
-- depends_on: {{ ref("customer_value__segments") }}
-- depends_on: {{ ref("customer_value__cluster_labels") }}
with

customers as (

    select
        {% for column in target_columns() if column != "customer_id" %}
            {{ column }},
        {% endfor %}
        customer_id
    from {{ ref("customer_value__customers") }}

),

interventions as (

    select intervention
    from {{ ref("customer_value__interventions") }}

),

conditions as (

    select
        intervention,
        lower(trim(column_name)) as column_name,
        lower(trim(operator)) as operator,
        trim(value) as value,
        row_number() over (
            partition by intervention order by column_name, operator, value
        ) as place
    from {{ ref("customer_value__intervention_targets") }}

),

monthly_purchases as (

    {{ monthly_purchase_lookup() }}

),

targets as (

    select
        intervention,
        {{ target_slots() }}
    from conditions
    group by intervention

),

targets_in_words as (

    select
        intervention,
        {{ target_text() }} as target
    from targets

),

-- One scan of the customers: the conditions of all interventions are at hand.
looked_up as (

    select
        targets.*,
        customers.repeat_count,
        customers.customer_age_days,
        customers.probability_alive,
        customers.expected_purchase_value,
        {{ target_slot_values() }}
    from customers
    cross join targets

),

patterns as (

    select
        intervention,
        {{ value_pattern_columns() }}
    from looked_up
    where {{ target_conditions_hold() }}
    group by intervention, repeat_count, customer_age_days

),

expected as (

    {{ expected_months("patterns", ["intervention"]) }}

),

months as (
    {% for month in range(1, 25) %}
        select {{ month }} as month_ahead
        {{ "union all" if not loop.last }}
    {% endfor %}
),

intervention_baseline as (

    select
        ---------- strings
        cast(interventions.intervention as {{ dbt.type_string() }}) as intervention,
        cast(targets_in_words.target as {{ dbt.type_string() }}) as target,

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
        cast(months.month_ahead as {{ dbt.type_int() }}) as month_ahead
    from interventions
    cross join months
    left join targets_in_words
        on interventions.intervention = targets_in_words.intervention
    left join expected
        on
            interventions.intervention = expected.intervention
            and months.month_ahead = expected.month_ahead

)

select * from intervention_baseline
