with

scores as (

    select
        target,
        observation_id,
        customer_id,
        label,
        probability
    from {{ ref("int_customer_value__propensity_scores") }}
    where propensity_role = 'test' and is_selected

),

attributes as (

    select
        customer_id,
        attribute,
        attribute_value
    from {{ ref("int_customer_value__propensity_attributes") }}

),

customers as (

    select customer_id
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

depths as (

    select
        least(
            {{ var("campaign_budget") / var("contact_cost") }} / nullif(count(*), 0),
            1.0
        ) as depth_share
    from customers

),

groupings as (

    select distinct attribute
    from attributes
    where attribute_value is not null

),

placed as (

    select
        target,
        customer_id,
        label,
        probability,
        row_number() over (
            partition by target order by probability desc, observation_id asc
        ) as place,
        count(*) over (partition by target) as observation_count
    from scores

),

chosen as (

    select
        placed.target,
        placed.customer_id,
        placed.label,
        placed.probability,
        case
            when placed.place <= ceil(depths.depth_share * placed.observation_count)
                then 1
            else 0
        end as is_chosen
    from placed
    cross join depths

),

grouped as (

    select
        chosen.target,
        groupings.attribute,
        coalesce(attributes.attribute_value, 'unknown') as attribute_value,
        chosen.label,
        chosen.probability,
        chosen.is_chosen
    from chosen
    cross join groupings
    left join attributes
        on
            chosen.customer_id = attributes.customer_id
            and groupings.attribute = attributes.attribute

),

by_group as (

    select
        target,
        attribute,
        attribute_value,
        cast(count(*) as {{ type_double() }}) as n,
        cast(sum(label) as {{ type_double() }}) as n_positive,
        {{ exact_sum("probability") }} as probability_sum,
        cast(sum(is_chosen) as {{ type_double() }}) as n_chosen,
        cast(sum(is_chosen * label) as {{ type_double() }}) as n_chosen_positive
    from grouped
    group by target, attribute, attribute_value

),

compared as (

    select
        *,
        n_positive / n as outcome_rate,
        probability_sum / n as mean_probability,
        n_chosen / n as selection_rate,
        n_chosen_positive / nullif(n_positive, 0) as recall,
        sum(n_chosen) over (partition by target, attribute)
        / sum(n) over (partition by target, attribute) as selection_rate_of_all,
        sum(n_chosen_positive) over (partition by target, attribute)
        / nullif(sum(n_positive) over (partition by target, attribute), 0)
            as recall_of_all
    from by_group

),

judged as (

    select
        *,
        case
            when n < 30 then 'few'
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
        cast(n as {{ dbt.type_bigint() }}) as observation_count,
        cast(outcome_rate as {{ type_double() }}) as outcome_rate,
        cast(mean_probability as {{ type_double() }}) as mean_probability,
        cast(selection_rate as {{ type_double() }}) as selection_rate,
        cast(selection_rate_of_all as {{ type_double() }}) as selection_rate_of_all,
        cast(recall as {{ type_double() }}) as recall,
        cast(recall_of_all as {{ type_double() }}) as recall_of_all,

        ---------- booleans
        divergence in ('calibration', 'recall', 'selection') as is_divergent
    from judged

)

select * from propensity_fairness
