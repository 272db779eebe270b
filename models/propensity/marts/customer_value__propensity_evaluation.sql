with

scores as (

    select
        target,
        model,
        propensity_role,
        observation_id,
        label,
        probability,
        is_selected
    from {{ ref("int_customer_value__propensity_scores") }}
    where propensity_role = 'test'

),

customers as (

    select customer_id
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

-- As many of a hundred as the budget reaches of today's customers.
depths as (

    select
        least(
            {{ var("campaign_budget") / var("contact_cost") }} / nullif(count(*), 0),
            1.0
        ) as depth_share
    from customers

),

-- Ranks share ties at their mean; positions need a total order.
ranked as (

    select
        target,
        model,
        label,
        probability,
        is_selected,
        count(*) over (partition by target, model) as observation_count,
        2 * rank() over (partition by target, model order by probability)
        + count(*) over (partition by target, model, probability)
        - 1 as twice_rank,
        row_number() over (
            partition by target, model order by probability desc, observation_id asc
        ) as place
    from scores

),

-- Equal scores are one step of the precision-recall curve.
steps as (

    select
        target,
        model,
        probability,
        sum(label) as step_outcome_count,
        count(*) as step_count
    from scores
    group by target, model, probability

),

cumulated as (

    select
        target,
        model,
        step_outcome_count,
        cast(
            sum(step_outcome_count) over (
                partition by target, model
                order by probability desc
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) / sum(step_count) over (
            partition by target, model
            order by probability desc
            rows between unbounded preceding and current row
        ) as step_precision
    from steps

),

precisions as (

    select
        target,
        model,
        {{ exact_sum("step_outcome_count * step_precision") }}
        / nullif(sum(step_outcome_count), 0) as average_precision
    from cumulated
    group by target, model

),

summed as (

    select
        ranked.target,
        ranked.model,
        ranked.is_selected,
        cast(count(*) as {{ type_double() }}) as n,
        cast(sum(ranked.label) as {{ type_double() }}) as n_positive,
        cast(
            sum(cast(ranked.twice_rank * ranked.label as {{ type_decimal(38, 0) }}))
            as {{ type_double() }}
        ) / 2 as rank_sum,
        {{ exact_sum("ranked.probability") }} as probability_sum,
        {{ exact_sum(
            "-1 * case when ranked.label = 1 then ln(greatest(ranked.probability, 1e-15)) "
            ~ "else ln(greatest(1 - ranked.probability, 1e-15)) end"
        ) }} as loss_sum,
        {{ exact_sum(
            "(ranked.probability - ranked.label) * (ranked.probability - ranked.label)"
        ) }} as square_sum,
        sum(
            case
                when 10 * (ranked.place - 1) < ranked.observation_count then 1
                else 0
            end
        ) as top_count,
        cast(
            sum(
                case
                    when 10 * (ranked.place - 1) < ranked.observation_count
                        then ranked.label
                end
            ) as {{ type_double() }}
        ) as top_positive,
        max(ceil(depths.depth_share * ranked.observation_count)) as depth_count,
        cast(
            sum(
                case
                    when
                        ranked.place
                        <= ceil(depths.depth_share * ranked.observation_count)
                        then ranked.label
                end
            ) as {{ type_double() }}
        ) as depth_positive
    from ranked
    cross join depths
    group by ranked.target, ranked.model, ranked.is_selected

),

propensity_evaluation as (

    select
        ---------- strings
        cast(summed.target as {{ dbt.type_string() }}) as target,
        cast(summed.model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(summed.n as {{ dbt.type_bigint() }}) as observation_count,
        cast(summed.n_positive as {{ dbt.type_bigint() }}) as outcome_count,
        cast(summed.n_positive / summed.n as {{ type_double() }}) as base_rate,
        cast(summed.probability_sum / summed.n as {{ type_double() }})
            as mean_probability,
        cast(
            (summed.rank_sum - summed.n_positive * (summed.n_positive + 1) / 2)
            / nullif(summed.n_positive * (summed.n - summed.n_positive), 0)
            as {{ type_double() }}
        ) as auc,
        cast(precisions.average_precision as {{ type_double() }}) as average_precision,
        cast(summed.loss_sum / summed.n as {{ type_double() }}) as log_loss,
        cast(summed.square_sum / summed.n as {{ type_double() }}) as brier_score,
        cast(
            summed.top_positive / summed.top_count
            / nullif(summed.n_positive / summed.n, 0) as {{ type_double() }}
        ) as top_decile_lift,
        cast(summed.depth_count as {{ dbt.type_bigint() }}) as depth_count,
        cast(
            summed.depth_positive / nullif(summed.depth_count, 0) as {{ type_double() }}
        ) as precision_at_depth,
        cast(
            summed.depth_positive / nullif(summed.n_positive, 0) as {{ type_double() }}
        ) as recall_at_depth,

        ---------- booleans
        summed.model in ('recency_days', 'probability_active_90d') as is_baseline,
        summed.is_selected
    from summed
    inner join precisions
        on summed.target = precisions.target and summed.model = precisions.model

)

select * from propensity_evaluation
