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
    {% if has_propensity %}
        union all
        select
            observation_id,
            target,
            'propensity' as predictor,
            model,
            label,
            probability as score,
            probability,
            model in ('recency_days', 'probability_active_90d') as is_baseline,
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
