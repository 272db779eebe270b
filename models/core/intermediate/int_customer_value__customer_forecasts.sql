{{ config(materialized="table") }}

{%- set value_model = var("value_model") -%}
{%- set is_corrected = value_model == "corrected" -%}
{%- set is_learner = value_model not in value_models_without_learner() -%}
{%- set is_learned = is_learner and is_on("validation") %}
with

forecasts as (

    select
        customer_id,
        fit_role,
        model,
        repeat_count,
        probability_alive,
        probability_active_90d,
        expected_purchases_90d,
        expected_purchases_365d,
        {{ lifetime_value() }} as lifetime_value_365d,
        {{ days_to_next_purchase(0.5) }} as days_to_next_purchase_median,
        expected_purchase_value,
        margin_share,
        purchases_factor
    from {{ ref("int_customer_value__forecasts") }}
    where forecast_role = 'current' and not is_history

),

in_use as (

    select *
    from forecasts
    where model = '{{ forecast_in_use() }}'

),

classical as (

    select
        customer_id,
        expected_purchases_365d as classical_expected_purchases_365d,
        lifetime_value_365d as classical_lifetime_value_365d
    from forecasts
    where model = '{{ var("purchase_model") }}'

),

-- The median is a staircase of the mean; within each whole number it rises by two steps
-- at most.
medians as (

    select
        position as whole_purchases,
        coefficient as median_at_start,
        low as one_more_from,
        high as two_more_from
    from {{ ref("fit_customer_value__corrections") }}
    where forecast_role = 'current' and measure = 'median'

),

learned_values as (

    {% if is_learned -%}
        select
            customer_id,
            model as value_model,
            value
        from {{ ref("fit_customer_value__value_learners") }}
        where as_of_role = 'current' and row_kind = 'forecast'
    {%- else -%}
        select
            cast(null as {{ dbt.type_string() }}) as customer_id,
            cast(null as {{ dbt.type_string() }}) as value_model,
            cast(null as {{ type_double() }}) as value
        from forecasts
        where 1 = 0
    {%- endif %}

),

customer_forecasts as (

    select
        ---------- ids
        in_use.customer_id,

        ---------- strings
        in_use.fit_role,
        coalesce(
            learned_values.value_model,
            {{ "'corrected'" if is_corrected else "'probabilistic'" }}
        ) as value_model,

        ---------- numerics
        in_use.probability_alive,
        -- A customer who is alive by construction is not known to be.
        case
            when in_use.model = 'bg_nbd' and in_use.repeat_count = 0 then null
            else in_use.probability_alive
        end as known_probability_alive,
        in_use.probability_active_90d,
        in_use.expected_purchases_90d,
        in_use.expected_purchases_365d,
        {% if is_corrected -%}
            cast(
                coalesce(
                    medians.median_at_start
                    + case
                        when in_use.expected_purchases_365d >= medians.one_more_from
                            then 1
                        else 0
                    end
                    + case
                        when in_use.expected_purchases_365d >= medians.two_more_from
                            then 1
                        else 0
                    end,
                    floor(in_use.expected_purchases_365d)
                ) as integer
            )
        {%- else -%}
            cast(null as integer)
        {%- endif %} as expected_purchases_365d_median,
        in_use.days_to_next_purchase_median,
        in_use.purchases_factor,
        in_use.expected_purchase_value,
        in_use.margin_share,
        -- A learner's value is of the margin of all.
        coalesce(
            learned_values.value * in_use.margin_share / {{ var("gross_margin") }},
            in_use.lifetime_value_365d
        ) as lifetime_value_365d,
        classical.classical_expected_purchases_365d,
        classical.classical_lifetime_value_365d
    from in_use
    left join classical on in_use.customer_id = classical.customer_id
    left join medians
        on
            cast(floor(in_use.expected_purchases_365d) as bigint)
            = medians.whole_purchases
    left join learned_values on in_use.customer_id = learned_values.customer_id

)

select * from customer_forecasts
