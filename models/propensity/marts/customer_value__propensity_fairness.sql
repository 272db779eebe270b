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
        attribute_value
    from {{ ref("int_customer_value__propensity_attributes") }}
    where is_grouping

),

depths as (

    select {{ campaign_depth_share("customer_count") }} as depth_share
    from {{ ref("int_customer_value__populations") }}
    where as_of_role = 'current'

),

groupings as (

    select distinct attribute
    from attributes
    where attribute_value is not null

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
        coalesce(attributes.attribute_value, 'unknown') as attribute_value,
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
            as selected_outcome_count
    from grouped
    group by target, attribute, attribute_value

),

compared as (

    select
        *,
        outcome_count / observation_count as outcome_rate,
        probability_sum / observation_count as mean_probability,
        selected_count / observation_count as selection_rate,
        selected_outcome_count / nullif(outcome_count, 0) as recall,
        sum(selected_count) over (partition by target, attribute)
        / sum(observation_count) over (partition by target, attribute)
            as selection_rate_of_all,
        sum(selected_outcome_count) over (partition by target, attribute)
        / nullif(sum(outcome_count) over (partition by target, attribute), 0)
            as recall_of_all
    from by_group

),

verdicts as (

    select
        *,
        case
            when observation_count < 30 then 'few'
            when abs(mean_probability - outcome_rate) > {{ var("maximum_group_gap") }}
                then 'calibration'
            when abs(recall - recall_of_all) > {{ var("maximum_group_gap") }}
                then 'recall'
            when
                abs(selection_rate - selection_rate_of_all)
                > {{ var("maximum_group_gap") }}
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
                            ' had the outcome: the probabilities are off here.'
                        )
                when divergence = 'recall'
                    then
                        concat(
                            'Of those with the outcome ',
                            {{ number_text("recall", 2) }},
                            ' are chosen, against ',
                            {{ number_text("recall_of_all", 2) }},
                            ' of all.'
                        )
                when divergence = 'selection'
                    then
                        concat(
                            {{ number_text("selection_rate", 2) }},
                            ' are chosen, against ',
                            {{ number_text("selection_rate_of_all", 2) }},
                            ' of all.'
                        )
                else 'Within {{ var("maximum_group_gap") }} of all in each measure.'
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(observation_count as {{ dbt.type_bigint() }}) as observation_count,
        cast(outcome_rate as {{ type_double() }}) as outcome_rate,
        cast(mean_probability as {{ type_double() }}) as mean_probability,
        cast(selection_rate as {{ type_double() }}) as selection_rate,
        cast(selection_rate_of_all as {{ type_double() }}) as selection_rate_of_all,
        cast(recall as {{ type_double() }}) as recall,
        cast(recall_of_all as {{ type_double() }}) as recall_of_all,

        ---------- booleans
        divergence in ('calibration', 'recall', 'selection') as is_divergent
    from verdicts

)

select * from propensity_fairness
