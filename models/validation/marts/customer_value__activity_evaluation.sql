with

forecasts as (

    select
        model,
        probability_alive,
        probability_active,
        recency_days,
        is_active
    from {{ ref("int_customer_value__holdout_forecasts") }}
    where model in ('bg_nbd', 'mbg_nbd', 'pareto_nbd')

),

-- The recency of a customer is the same beside each model: it is judged once.
predictions as (

    select
        'probability_active_90d' as predictor,
        model,
        probability_active as score,
        probability_active as probability,
        is_active
    from forecasts
    union all
    select
        'probability_alive' as predictor,
        model,
        probability_alive as score,
        probability_alive as probability,
        is_active
    from forecasts
    union all
    select
        'recency_days' as predictor,
        'none' as model,
        cast(-1 * recency_days as {{ type_double() }}) as score,
        cast(null as {{ type_double() }}) as probability,
        is_active
    from forecasts
    where model = 'bg_nbd'

),

outcomes as (

    select
        predictor,
        model,
        score,
        probability,
        case when is_active then 1 else 0 end as active
    from predictions

),

-- Customers with one score cannot be told apart: they are one step of the curves.
steps as (

    select
        predictor,
        model,
        score,
        count(*) as customer_count,
        sum(active) as active_count
    from outcomes
    group by predictor, model, score

),

curves as (

    select
        predictor,
        model,
        customer_count,
        active_count,
        sum(customer_count) over (
            partition by predictor, model
            order by score desc
            rows between unbounded preceding and current row
        ) as reached_count,
        sum(active_count) over (
            partition by predictor, model
            order by score desc
            rows between unbounded preceding and current row
        ) as reached_active_count
    from steps

),

areas as (

    select
        predictor,
        model,
        cast(sum(customer_count) as {{ type_double() }}) as customer_count,
        cast(sum(active_count) as {{ type_double() }}) as active_count,
        -- Pairs of an active and an inactive customer in the right order, twice, an
        -- equal pair as half a right one.
        cast(
            sum(
                cast(customer_count - active_count as {{ type_decimal(38, 0) }})
                * (2 * reached_active_count - active_count)
            ) as {{ type_double() }}
        ) as twice_ordered_pairs,
        {{ exact_sum(
            "cast(active_count as " ~ type_double() ~ ") * reached_active_count"
            ~ " / reached_count"
        ) }} as precision_sum
    from curves
    group by predictor, model

),

errors as (

    select
        predictor,
        model,
        {{ exact_sum("(probability - active) * (probability - active)") }}
        / count(*) as brier_score,
        {{ exact_sum("probability") }} / count(*) as mean_probability
    from outcomes
    group by predictor, model

),

activity_evaluation as (

    select
        ---------- strings
        cast(areas.predictor as {{ dbt.type_string() }}) as predictor,
        cast(areas.model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(areas.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(areas.active_count as {{ dbt.type_bigint() }}) as active_count,
        cast(areas.active_count / areas.customer_count as {{ type_double() }})
            as base_rate,
        cast(errors.mean_probability as {{ type_double() }}) as mean_probability,
        cast(
            areas.twice_ordered_pairs / nullif(
                2 * areas.active_count * (areas.customer_count - areas.active_count), 0
            ) as {{ type_double() }}
        ) as auc,
        cast(
            areas.precision_sum / nullif(areas.active_count, 0) as {{ type_double() }}
        ) as average_precision,
        cast(errors.brier_score as {{ type_double() }}) as brier_score
    from areas
    inner join errors
        on areas.predictor = errors.predictor and areas.model = errors.model

)

select * from activity_evaluation
