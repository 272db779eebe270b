{{ config(materialized="table") }}

{%- set measures = ["purchases", "revenue"] -%}
with

forecasts as (

    select
        customer_id,
        forecast_role,
        model,
        customer_age_days,
        as_of_date,
        predicted_purchases,
        predicted_revenue,
        cast(actual_purchases as {{ type_money() }}) as actual_purchases,
        actual_revenue
    from {{ ref("int_customer_value__holdout_forecasts") }}

),

measured as (
    {% for measure in measures %}
        select
            customer_id,
            forecast_role,
            model,
            as_of_date,
            '{{ measure }}' as measure,
            customer_age_days,
            predicted_{{ measure }} as predicted,
            actual_{{ measure }} as actual
        from forecasts
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- Positions need a total order: of equal predictions the longer known customer comes
-- first, then the smaller id. Ranks share ties at their mean. What is not predicted is
-- one tie, and has no error. One order gives the rank from the top and, by how many are
-- at least as high, the rank from the bottom.
ranked as (

    select
        forecast_role,
        model,
        measure,
        as_of_date,
        predicted,
        actual,
        cast(actual as {{ type_double() }}) as actual_double,
        count(*) over (partition by forecast_role, model, measure) as customer_count,
        row_number() over (
            partition by forecast_role, model, measure
            order by predicted desc, customer_age_days desc, customer_id asc
        ) as predicted_position,
        row_number() over (
            partition by forecast_role, model, measure
            order by actual desc, customer_id asc
        ) as actual_position,
        rank() over (partition by forecast_role, model, measure order by predicted desc)
            as predicted_rank_from_top,
        count(*) over (
            partition by forecast_role, model, measure order by predicted desc
        ) as predicted_at_least_count,
        rank() over (partition by forecast_role, model, measure order by actual desc)
            as actual_rank_from_top,
        count(*) over (
            partition by forecast_role, model, measure order by actual desc
        ) as actual_at_least_count
    from measured

),

-- Twice the mean rank, from the middle: whole numbers, which add up exactly.
centred as (

    select
        forecast_role,
        model,
        measure,
        as_of_date,
        predicted,
        actual,
        actual_double,
        customer_count,
        predicted_position,
        actual_position,
        cast(
            customer_count + 1 - predicted_at_least_count - predicted_rank_from_top
            as {{ type_decimal(38, 0) }}
        ) as predicted_rank,
        cast(
            customer_count + 1 - actual_at_least_count - actual_rank_from_top
            as {{ type_decimal(38, 0) }}
        ) as actual_rank
    from ranked

),

summed as (

    select
        forecast_role,
        model,
        measure,
        as_of_date,
        cast(count(*) as {{ type_double() }}) as customer_count,
        {{ exact_sum("actual") }} as actual,
        {{ exact_sum("predicted") }} as predicted,
        {{ exact_sum("abs(predicted - actual_double)") }} as absolute_error,
        {{ exact_sum(
            "(predicted - actual_double) * (predicted - actual_double)", is_square=true
        ) }}
            as squared_error,
        cast(sum(predicted_rank * actual_rank) as {{ type_double() }}) as rank_product,
        cast(sum(predicted_rank * predicted_rank) as {{ type_double() }})
            as predicted_rank_square,
        cast(sum(actual_rank * actual_rank) as {{ type_double() }})
            as actual_rank_square,
        -- The sum over customers of what all up to and with them bought.
        {{ exact_sum("actual * (customer_count - predicted_position + 1)") }}
            as cumulative_by_prediction,
        {{ exact_sum("actual * (customer_count - actual_position + 1)") }}
            as cumulative_at_best,
        {{ exact_sum(
            "case when 10 * (predicted_position - 1) < customer_count then actual end"
        ) }} as actual_of_top_decile,
        sum(case when 10 * (predicted_position - 1) < customer_count then 1 else 0 end)
            as top_decile_customer_count
    from centred
    group by forecast_role, model, measure, as_of_date

),

metrics as (

    select
        forecast_role,
        model,
        measure,
        as_of_date,
        customer_count,
        actual,
        predicted,
        (predicted - actual) / nullif(actual, 0) as bias_share,
        absolute_error / customer_count as mae,
        sqrt(squared_error / customer_count) as rmse,
        rank_product / nullif(sqrt(predicted_rank_square) * sqrt(actual_rank_square), 0)
            as spearman,
        -- Where everybody is predicted the same there is no order to measure.
        case when predicted_rank_square > 0 then 1 end
        * (cumulative_by_prediction / nullif(customer_count * actual, 0) - 0.5)
        / nullif(cumulative_at_best / nullif(customer_count * actual, 0) - 0.5, 0)
            as gini_normalised,
        case when predicted_rank_square > 0 then 1 end
        * actual_of_top_decile
        / top_decile_customer_count
        / nullif(actual / customer_count, 0) as top_decile_lift
    from summed

),

forecast_metrics as (

    select
        ---------- strings
        forecast_role,
        model,

        ---------- numerics
        max(customer_count) as customer_count,
        {% for measure in measures %}
            {% set prefix = "" if measure == "purchases" else measure ~ "_" %}
            {% for metric in [
                "actual",
                "predicted",
                "bias_share",
                "mae",
                "rmse",
                "spearman",
                "gini_normalised",
                "top_decile_lift",
            ] %}
                {% set name = metric ~ "_" ~ measure
                    if metric in ["actual", "predicted"] else prefix ~ metric %}
                max(case when measure = '{{ measure }}' then {{ metric }} end)
                    as {{ name }},
            {% endfor %}
        {% endfor %}

        ---------- booleans
        model in (
            'own_rate',
            'population_mean',
            'past_spend',
            'past_average',
            'last_window'
        ) as is_baseline,

        ---------- dates
        as_of_date
    from metrics
    group by forecast_role, model, as_of_date

)

select * from forecast_metrics
