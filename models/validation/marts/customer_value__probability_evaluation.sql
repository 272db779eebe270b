with

outcomes as (

    select
        observation_id,
        target,
        predictor,
        model,
        label,
        score,
        probability,
        is_baseline,
        is_selected
    from {{ ref("int_customer_value__probability_outcomes") }}

),

depths as (

    select {{ campaign_depth_share("customer_count") }} as depth_share
    from {{ ref("int_customer_value__populations") }}
    where as_of_role = 'current'

),

-- A list needs a total order: of equal scores the smaller id comes first.
ranked as (

    select
        *,
        row_number() over (
            partition by target, predictor, model
            order by score desc, observation_id asc
        ) as score_rank,
        count(*) over (partition by target, predictor, model) as observation_count
    from outcomes

),

listed as (

    select
        ranked.*,
        ceil(depths.depth_share * ranked.observation_count) as depth_count,
        ranked.score_rank <= ceil(depths.depth_share * ranked.observation_count)
            as is_in_depth,
        10 * (ranked.score_rank - 1) < ranked.observation_count as is_in_top_tenth
    from ranked
    cross join depths

),

sums as (

    select
        target,
        predictor,
        model,
        is_baseline,
        is_selected,
        cast(count(*) as {{ type_double() }}) as observation_count,
        cast(sum(label) as {{ type_double() }}) as outcome_count,
        {{ exact_sum("probability") }} as probability_sum,
        {{ exact_sum(
            "case when probability is null then null "
            ~ "when label = 1 then -1 * ln(greatest(probability, 1e-15)) "
            ~ "else -1 * ln(greatest(1 - probability, 1e-15)) end"
        ) }} as loss_sum,
        {{ exact_sum("(probability - label) * (probability - label)") }} as square_sum,
        sum(case when is_in_top_tenth then 1 else 0 end) as top_count,
        cast(sum(case when is_in_top_tenth then label end) as {{ type_double() }})
            as top_outcome_count,
        max(depth_count) as depth_count,
        cast(sum(case when is_in_depth then label end) as {{ type_double() }})
            as depth_outcome_count
    from listed
    group by target, predictor, model, is_baseline, is_selected

),

-- Observations with the same score cannot be ordered: they are one step of the curves.
steps as (

    select
        target,
        predictor,
        model,
        score,
        count(*) as step_count,
        sum(label) as step_outcome_count
    from outcomes
    group by target, predictor, model, score

),

curves as (

    select
        *,
        sum(step_count) over (
            partition by target, predictor, model
            order by score desc
            rows between unbounded preceding and current row
        ) as reached_count,
        sum(step_outcome_count) over (
            partition by target, predictor, model
            order by score desc
            rows between unbounded preceding and current row
        ) as reached_outcome_count
    from steps

),

-- Twice the pairs, of one observation with the outcome and one without, whose scores
-- are in the right order; a pair of equal scores is half a right one.
areas as (

    select
        target,
        predictor,
        model,
        cast(
            sum(
                cast(step_count - step_outcome_count as {{ type_decimal(38, 0) }})
                * (2 * reached_outcome_count - step_outcome_count)
            ) as {{ type_double() }}
        ) as twice_ordered_pairs,
        {{ exact_sum(
            "cast(step_outcome_count as " ~ type_double() ~ ")"
            ~ " * reached_outcome_count / reached_count"
        ) }} as precision_sum
    from curves
    group by target, predictor, model

),

probability_evaluation as (

    select
        ---------- strings
        cast(sums.target as {{ dbt.type_string() }}) as target,
        cast(sums.predictor as {{ dbt.type_string() }}) as predictor,
        cast(sums.model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(sums.observation_count as {{ dbt.type_bigint() }}) as observation_count,
        cast(sums.outcome_count as {{ dbt.type_bigint() }}) as outcome_count,
        cast(sums.outcome_count / sums.observation_count as {{ type_double() }})
            as base_rate,
        cast(sums.probability_sum / sums.observation_count as {{ type_double() }})
            as mean_probability,
        cast(
            areas.twice_ordered_pairs / nullif(
                2 * sums.outcome_count * (sums.observation_count - sums.outcome_count),
                0
            ) as {{ type_double() }}
        ) as auc,
        cast(areas.precision_sum / nullif(sums.outcome_count, 0) as {{ type_double() }})
            as average_precision,
        cast(sums.loss_sum / sums.observation_count as {{ type_double() }}) as log_loss,
        cast(sums.square_sum / sums.observation_count as {{ type_double() }})
            as brier_score,
        cast(
            sums.top_outcome_count / sums.top_count
            / nullif(sums.outcome_count / sums.observation_count, 0)
            as {{ type_double() }}
        ) as top_decile_lift,
        cast(sums.depth_count as {{ dbt.type_bigint() }}) as depth_count,
        cast(
            sums.depth_outcome_count / nullif(sums.depth_count, 0)
            as {{ type_double() }}
        ) as precision_at_depth,
        cast(
            sums.depth_outcome_count / nullif(sums.outcome_count, 0)
            as {{ type_double() }}
        ) as recall_at_depth,

        ---------- booleans
        sums.is_baseline,
        sums.is_selected
    from sums
    inner join areas
        on
            sums.target = areas.target
            and sums.predictor = areas.predictor
            and sums.model = areas.model

)

select * from probability_evaluation
