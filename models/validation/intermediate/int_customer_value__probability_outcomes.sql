{%- set has_propensity = is_on("propensity") %}
-- Everything that predicts whether a customer acts, beside what the customer did.
with

forecasts as (

    select
        customer_id,
        model,
        probability_alive,
        probability_active,
        recency_days,
        case when is_active then 1 else 0 end as label
    from {{ ref("int_customer_value__holdout_forecasts") }}
    where
        forecast_role = 'calibration'
        and model in ('corrected', 'bg_nbd', 'mbg_nbd', 'pareto_nbd')

),
{% if has_propensity %}
    propensities as (

        select
            observation_id,
            target,
            model,
            label,
            probability,
            is_selected
        from {{ ref("int_customer_value__propensity_scores") }}
        where fold = 'test'

    ),

    -- A feature of days is ln(1 + days).
    active_observations as (

        select observation_id
        from {{ ref("int_customer_value__propensity_sample") }}
        where
            target = 'purchase'
            and fold = 'test'
            and recency_days <= ln(1.0 + {{ var("activity_days") }}) + 1e-9

    ),
{% endif %}
predictions as (

    select
        customer_id as observation_id,
        'active' as target,
        'probability_active_90d' as predictor,
        model,
        label,
        probability_active as score,
        probability_active as probability,
        false as is_baseline,
        model = '{{ forecast_in_use() }}' as is_selected
    from forecasts
    union all
    select
        customer_id as observation_id,
        'active' as target,
        'probability_alive' as predictor,
        model,
        label,
        probability_alive as score,
        probability_alive as probability,
        false as is_baseline,
        false as is_selected
    from forecasts
    union all
    -- The recency of a customer is the same beside each model: it is evaluated once.
    select
        customer_id as observation_id,
        'active' as target,
        'recency_days' as predictor,
        'none' as model,
        label,
        cast(-1 * recency_days as {{ type_double() }}) as score,
        cast(null as {{ type_double() }}) as probability,
        true as is_baseline,
        false as is_selected
    from forecasts
    where model = 'bg_nbd'
    union all
    -- Churn is that no purchase follows, of those who are active at the date: the other
    -- side of the same probability, so that no two models contradict each other.
    select
        customer_id as observation_id,
        'churn' as target,
        'probability_active_90d' as predictor,
        model,
        1 - label as label,
        1 - probability_active as score,
        1 - probability_active as probability,
        false as is_baseline,
        model = '{{ forecast_in_use() }}' as is_selected
    from forecasts
    where recency_days <= {{ var("activity_days") }}
    union all
    select
        customer_id as observation_id,
        'churn' as target,
        'recency_days' as predictor,
        'none' as model,
        1 - label as label,
        cast(recency_days as {{ type_double() }}) as score,
        cast(null as {{ type_double() }}) as probability,
        true as is_baseline,
        false as is_selected
    from forecasts
    where model = 'bg_nbd' and recency_days <= {{ var("activity_days") }}
    {% if has_propensity %}
        union all
        select
            propensities.observation_id,
            'churn' as target,
            'propensity' as predictor,
            propensities.model,
            1 - propensities.label as label,
            1 - propensities.probability as score,
            1 - propensities.probability as probability,
            propensities.model in ('recency_days', 'probability_active_90d')
                as is_baseline,
            propensities.is_selected
        from propensities
        inner join active_observations
            on propensities.observation_id = active_observations.observation_id
        where propensities.target = 'purchase'
        union all
        select
            observation_id,
            target,
            'propensity' as predictor,
            model,
            label,
            probability as score,
            probability,
            model in ('recency_days', 'probability_active_90d', 'renewal_model')
                as is_baseline,
            is_selected
        from propensities
    {% endif %}

),

outcomes as (

    select
        ---------- ids
        observation_id,

        ---------- strings
        target,
        predictor,
        model,

        ---------- numerics
        label,
        score,
        probability,

        ---------- booleans
        is_baseline,
        is_selected
    from predictions

)

select * from outcomes
