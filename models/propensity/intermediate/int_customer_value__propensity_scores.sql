{{ config(materialized="table") }}

{%- set features = propensity_features() %}
with

fitted as (

    select
        target,
        model,
        part,
        feature,
        feature_value,
        estimate,
        feature_mean,
        feature_deviation,
        is_selected
    from {{ ref("fit_customer_value__propensity") }}
    where part in ('coefficient', 'calibration')

),

sample_rows as (

    select
        observation_id,
        customer_id,
        target,
        label,
        {% for feature in features %}
            {{ feature }},
        {% endfor %}
        propensity_role
    from {{ ref("int_customer_value__propensity_sample") }}
    where propensity_role = 'test'

),

current_rows as (

    select
        {% for feature in features %}
            {{ feature }},
        {% endfor %}
        customer_id
    from {{ ref("int_customer_value__propensity_features") }}
    where is_current

),

attributes as (

    select
        customer_id,
        attribute,
        attribute_value
    from {{ ref("int_customer_value__propensity_attributes") }}

),

tree_scores as (

    select
        target,
        model,
        propensity_role,
        observation_id,
        customer_id,
        probability
    from {{ ref("score_customer_value__propensity") }}

),

selected as (

    select distinct
        target,
        model
    from fitted
    where is_selected

),

linear_models as (

    select * from {{ ref("int_customer_value__propensity_linear_models") }}

),

attribute_scores as (

    select
        fitted.target,
        fitted.model,
        attributes.customer_id,
        {{ exact_sum("fitted.estimate / fitted.feature_deviation") }} as attribute_score
    from attributes
    inner join fitted
        on
            attributes.attribute = fitted.feature
            and attributes.attribute_value = fitted.feature_value
    where fitted.part = 'coefficient'
    group by fitted.target, fitted.model, attributes.customer_id

),

linear_rows as (

    select
        sample_rows.observation_id,
        sample_rows.customer_id,
        sample_rows.target,
        sample_rows.label,
        {% for feature in features %}
            sample_rows.{{ feature }},
        {% endfor %}
        linear_models.model,
        sample_rows.propensity_role
    from sample_rows
    inner join linear_models on sample_rows.target = linear_models.target
    union all
    select
        current_rows.customer_id as observation_id,
        current_rows.customer_id,
        selected.target,
        cast(null as integer) as label,
        {% for feature in features %}
            current_rows.{{ feature }},
        {% endfor %}
        selected.model,
        'current' as propensity_role
    from current_rows
    cross join selected
    where selected.model = 'logistic_regression'

),

linear_scores as (

    select
        linear_rows.target,
        linear_rows.model,
        linear_rows.propensity_role,
        linear_rows.observation_id,
        linear_rows.customer_id,
        linear_rows.label,
        linear_models.calibration_intercept
        + linear_models.calibration_slope * (
            linear_models.intercept
            + linear_models.attribute_intercept
            + coalesce(attribute_scores.attribute_score, 0)
            {% for feature in features %}
                + coalesce(
                    linear_models.{{ feature }}_slope
                    * (linear_rows.{{ feature }} - linear_models.{{ feature }}_mean),
                    0
                )
            {% endfor %}
        ) as score
    from linear_rows
    inner join linear_models
        on
            linear_rows.target = linear_models.target
            and linear_rows.model = linear_models.model
    left join attribute_scores
        on
            linear_rows.target = attribute_scores.target
            and linear_rows.model = attribute_scores.model
            and linear_rows.customer_id = attribute_scores.customer_id

),

all_scores as (

    select
        target,
        model,
        propensity_role,
        observation_id,
        customer_id,
        label,
        {{ log_odds_to_probability("score") }} as probability
    from linear_scores
    union all
    select
        tree_scores.target,
        tree_scores.model,
        tree_scores.propensity_role,
        tree_scores.observation_id,
        tree_scores.customer_id,
        sample_rows.label,
        tree_scores.probability
    from tree_scores
    inner join sample_rows
        on
            tree_scores.target = sample_rows.target
            and tree_scores.observation_id = sample_rows.observation_id
    where tree_scores.propensity_role = 'test'
    union all
    select
        target,
        model,
        propensity_role,
        observation_id,
        customer_id,
        cast(null as integer) as label,
        probability
    from tree_scores
    where propensity_role = 'current'
    union all
    -- The purchase model's own word, as it stands.
    select
        sample_rows.target,
        'probability_active_90d' as model,
        'test' as propensity_role,
        sample_rows.observation_id,
        sample_rows.customer_id,
        sample_rows.label,
        {{ log_odds_to_probability("sample_rows.model_log_odds") }} as probability
    from sample_rows
    inner join selected on sample_rows.target = selected.target
    where sample_rows.target = 'purchase' and sample_rows.model_log_odds is not null

),

scores as (

    select
        ---------- ids
        all_scores.observation_id,
        all_scores.customer_id,

        ---------- strings
        all_scores.target,
        all_scores.model,
        all_scores.propensity_role,

        ---------- numerics
        all_scores.label,
        all_scores.probability,

        ---------- booleans
        selected.model is not null as is_selected
    from all_scores
    left join selected
        on all_scores.target = selected.target and all_scores.model = selected.model

)

select * from scores
