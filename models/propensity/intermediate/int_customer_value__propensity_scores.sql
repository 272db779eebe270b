{{ config(materialized="table") }}

with

fitted as (

    select
        target,
        model
    from {{ ref("fit_customer_value__propensity") }}
    where kind = 'finding' and is_selected

),

contributions as (

    select
        target,
        model,
        fold,
        observation_id,
        customer_id,
        base_score + attributes
        {%- for feature in propensity_features() %}
            + {{ feature }}
        {%- endfor %} as score
    from {{ ref("int_customer_value__propensity_contributions") }}

),

tree_scores as (

    select
        target,
        model,
        fold,
        observation_id,
        customer_id,
        probability
    from {{ ref("score_customer_value__propensity") }}

),

sample_rows as (

    select
        observation_id,
        target,
        label,
        fold
    from {{ ref("int_customer_value__propensity_sample") }}
    where fold = 'test'

),

probabilities as (

    select
        target,
        model,
        fold,
        observation_id,
        customer_id,
        1 / (1 + exp(-1 * greatest(least(score, 700), -700))) as probability
    from contributions
    union all
    select
        target,
        model,
        fold,
        observation_id,
        customer_id,
        probability
    from tree_scores

),

scores as (

    select
        ---------- ids
        probabilities.observation_id,
        probabilities.customer_id,

        ---------- strings
        probabilities.target,
        probabilities.model,
        probabilities.fold,

        ---------- numerics
        sample_rows.label,
        probabilities.probability,

        ---------- booleans
        fitted.model is not null as is_selected
    from probabilities
    left join sample_rows
        on
            probabilities.target = sample_rows.target
            and probabilities.fold = sample_rows.fold
            and probabilities.observation_id = sample_rows.observation_id
    left join fitted
        on
            probabilities.target = fitted.target
            and probabilities.model = fitted.model

)

select * from scores
