{%- set measures = ["purchases", "revenue"] -%}
with

forecasts as (

    select
        customer_id,
        model,
        customer_age_days,
        predicted_purchases,
        predicted_revenue,
        cast(actual_purchases as {{ type_money() }}) as actual_purchases,
        actual_revenue
    from {{ ref("int_customer_value__holdout_forecasts") }}

),

-- The learner that the customers' lifetime value is from, where one is.
value_models as (

    select model as value_model
    from {{ ref("fit_customer_value__value_learners") }}
    where as_of_role = 'current' and row_kind = 'finding' and is_estimated

),

measured as (
    {% for measure in measures %}
        select
            customer_id,
            model,
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
-- one tie, and has no error.
ranked as (

    select
        model,
        measure,
        predicted,
        actual,
        cast(actual as {{ type_double() }}) as actual_double,
        count(*) over (partition by model, measure) as customer_count,
        row_number() over (
            partition by model, measure
            order by predicted desc, customer_age_days desc, customer_id asc
        ) as predicted_position,
        row_number() over (
            partition by model, measure order by actual desc, customer_id asc
        ) as actual_position,
        rank() over (partition by model, measure order by predicted) as predicted_rank,
        rank() over (partition by model, measure order by predicted desc)
            as predicted_rank_from_top,
        rank() over (partition by model, measure order by actual) as actual_rank,
        rank() over (partition by model, measure order by actual desc)
            as actual_rank_from_top
    from measured

),

-- Twice the mean rank, from the middle: whole numbers, which add up exactly.
centred as (

    select
        model,
        measure,
        predicted,
        actual,
        actual_double,
        customer_count,
        predicted_position,
        actual_position,
        cast(predicted_rank - predicted_rank_from_top as {{ type_decimal(38, 0) }})
            as predicted_rank,
        cast(actual_rank - actual_rank_from_top as {{ type_decimal(38, 0) }})
            as actual_rank
    from ranked

),

summed as (

    select
        model,
        measure,
        cast(count(*) as {{ type_double() }}) as customer_count,
        {{ exact_sum("actual") }} as actual,
        {{ exact_sum("predicted") }} as predicted,
        {{ exact_sum("abs(predicted - actual_double)") }} as absolute_error,
        {{ exact_sum("(predicted - actual_double) * (predicted - actual_double)") }}
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
    group by model, measure

),

metrics as (

    select
        model,
        measure,
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

with_value_model as (

    select
        metrics.*,
        coalesce(value_models.value_model, '{{ var("purchase_model") }}')
            as value_model
    from metrics
    left join value_models on 1 = 1

),

model_evaluation as (

    select
        ---------- strings
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(max(customer_count) as {{ dbt.type_bigint() }}) as customer_count,
        {% for measure in measures %}
            {% set prefix = "" if measure == "purchases" else measure ~ "_" %}
            cast(
                max(case when measure = '{{ measure }}' then actual end)
                as {{ type_money() if measure == "revenue" else type_double() }}
            ) as actual_{{ measure }},
            cast(
                max(case when measure = '{{ measure }}' then predicted end)
                as {{ type_money() if measure == "revenue" else type_double() }}
            ) as predicted_{{ measure }},
            {% for metric in [
                "bias_share",
                "mae",
                "rmse",
                "spearman",
                "gini_normalised",
                "top_decile_lift",
            ] %}
                cast(
                    max(case when measure = '{{ measure }}' then {{ metric }} end)
                    as {{ type_double() }}
                ) as {{ prefix }}{{ metric }},
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
        model = '{{ var("purchase_model") }}' as is_selected,
        model = max(value_model) as is_value_selected
    from with_value_model
    group by model

)

select * from model_evaluation
