with

scores as (

    select
        target,
        observation_id,
        customer_id,
        label,
        probability
    from {{ ref("int_customer_value__propensity_scores") }}
    where fold = 'test' and is_selected

),

attributes as (

    select
        customer_id,
        attribute,
        group_name
    from {{ ref("int_customer_value__attribute_groups") }}

),

depths as (

    select {{ campaign_depth_share("customer_count") }} as depth_share
    from {{ ref("int_customer_value__populations") }}
    where as_of_role = 'current'

),

groupings as (

    select distinct attribute
    from attributes

),

ranked as (

    select
        target,
        customer_id,
        label,
        probability,
        row_number() over (
            partition by target order by probability desc, observation_id asc
        ) as probability_rank,
        count(*) over (partition by target) as observation_count
    from scores

),

grouped as (

    select
        ranked.target,
        groupings.attribute,
        coalesce(attributes.group_name, 'unknown') as attribute_value,
        ranked.label,
        ranked.probability,
        case
            when
                ranked.probability_rank
                <= ceil(depths.depth_share * ranked.observation_count)
                then 1
            else 0
        end as selected_count
    from ranked
    cross join depths
    cross join groupings
    left join attributes
        on
            ranked.customer_id = attributes.customer_id
            and groupings.attribute = attributes.attribute

),

by_group as (

    select
        target,
        attribute,
        attribute_value,
        cast(count(*) as {{ type_double() }}) as observation_count,
        cast(sum(label) as {{ type_double() }}) as outcome_count,
        {{ exact_sum("probability") }} as probability_sum,
        cast(sum(selected_count) as {{ type_double() }}) as selected_count,
        cast(sum(selected_count * label) as {{ type_double() }})
            as selected_outcome_count,
        {{ exact_sum("probability * (1 - probability)") }} as outcome_variance
    from grouped
    group by target, attribute, attribute_value

),

rates as (

    select
        *,
        outcome_count / observation_count as outcome_rate,
        probability_sum / observation_count as mean_probability,
        selected_count / observation_count as selection_rate,
        selected_outcome_count / nullif(outcome_count, 0) as recall
    from by_group

),

-- Groups are held against the one that fares best, of those large enough to judge.
placed as (

    select
        *,
        row_number() over (
            partition by target, attribute
            order by
                case when observation_count >= 30 then selection_rate end desc
                nulls last,
                attribute_value asc
        ) as selection_place,
        row_number() over (
            partition by target, attribute
            order by
                case when outcome_count >= 30 then recall end desc nulls last,
                attribute_value asc
        ) as recall_place
    from rates

),

best_selected as (

    select
        target,
        attribute,
        selected_count,
        observation_count,
        selection_rate
    from placed
    where selection_place = 1 and observation_count >= 30

),

best_recalled as (

    select
        target,
        attribute,
        selected_outcome_count,
        outcome_count,
        recall
    from placed
    where recall_place = 1 and outcome_count >= 30

),

compared as (

    select
        placed.*,
        best_selected.selection_rate as best_selection_rate,
        best_recalled.recall as best_recall,
        placed.selection_rate / nullif(best_selected.selection_rate, 0)
            as selection_ratio,
        placed.recall / nullif(best_recalled.recall, 0) as recall_ratio,
        {% for side, sign in [("lower", "-"), ("upper", "+")] -%}
            {{ ratio_bound(
                "placed.selected_count", "placed.observation_count",
                "best_selected.selected_count", "best_selected.observation_count", sign
            ) }} as selection_ratio_{{ side }}_95,
            {{ ratio_bound(
                "placed.selected_outcome_count", "placed.outcome_count",
                "best_recalled.selected_outcome_count", "best_recalled.outcome_count", sign
            ) }} as recall_ratio_{{ side }}_95,
        {% endfor -%}
        -- How many deviations the outcomes are away from what the probabilities say.
        (placed.outcome_count - placed.probability_sum)
        / nullif(sqrt(placed.outcome_variance), 0) as calibration_z
    from placed
    left join best_selected
        on
            placed.target = best_selected.target
            and placed.attribute = best_selected.attribute
    left join best_recalled
        on
            placed.target = best_recalled.target
            and placed.attribute = best_recalled.attribute

),

-- A ratio below the limit that chance could make is no finding.
verdicts as (

    select
        *,
        case
            when observation_count < 30 then 'few'
            when
                abs(calibration_z) > 1.959963984540054
                and least(outcome_rate, mean_probability)
                < {{ var("minimum_group_ratio") }}
                * greatest(outcome_rate, mean_probability)
                then 'calibration'
            when
                recall_ratio < {{ var("minimum_group_ratio") }}
                and recall_ratio_upper_95 < 1
                then 'recall'
            when
                selection_ratio < {{ var("minimum_group_ratio") }}
                and selection_ratio_upper_95 < 1
                then 'selection'
            else 'none'
        end as divergence
    from compared

),

propensity_fairness as (

    select
        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,
        cast(attribute as {{ dbt.type_string() }}) as attribute,
        cast(attribute_value as {{ dbt.type_string() }}) as attribute_value,
        cast(
            case
                when divergence = 'few'
                    then 'Fewer than 30 observations: too few to judge.'
                when divergence = 'calibration'
                    then
                        concat(
                            'The mean probability is ',
                            {{ number_text("mean_probability", 2) }},
                            ' where ',
                            {{ number_text("outcome_rate", 2) }},
                            ' had the outcome: the probabilities are wrong here.'
                        )
                when divergence = 'recall'
                    then
                        concat(
                            'Of those with the outcome ',
                            {{ number_text("recall", 2) }},
                            ' are chosen, against ',
                            {{ number_text("best_recall", 2) }},
                            ' of the group that fares best.'
                        )
                when divergence = 'selection'
                    then
                        concat(
                            {{ number_text("selection_rate", 2) }},
                            ' are chosen, against ',
                            {{ number_text("best_selection_rate", 2) }},
                            ' of the group that fares best.'
                        )
                else
                    concat(
                        'No measure is below {{ var("minimum_group_ratio") }} of the ',
                        'best group beyond chance.'
                    )
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(observation_count as {{ dbt.type_bigint() }}) as observation_count,
        cast(outcome_rate as {{ type_double() }}) as outcome_rate,
        cast(mean_probability as {{ type_double() }}) as mean_probability,
        cast(selection_rate as {{ type_double() }}) as selection_rate,
        cast(selection_ratio as {{ type_double() }}) as selection_ratio,
        cast(selection_ratio_lower_95 as {{ type_double() }})
            as selection_ratio_lower_95,
        cast(selection_ratio_upper_95 as {{ type_double() }})
            as selection_ratio_upper_95,
        cast(recall as {{ type_double() }}) as recall,
        cast(recall_ratio as {{ type_double() }}) as recall_ratio,
        cast(recall_ratio_lower_95 as {{ type_double() }}) as recall_ratio_lower_95,
        cast(recall_ratio_upper_95 as {{ type_double() }}) as recall_ratio_upper_95,

        ---------- booleans
        divergence in ('calibration', 'recall', 'selection') as is_divergent
    from verdicts

)

select * from propensity_fairness
