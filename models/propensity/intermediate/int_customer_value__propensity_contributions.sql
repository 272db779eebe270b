-- A feature adds its slope times the customer's distance from the mean of the training.
-- The score of a linear model is the sum of these contributions and of base_score, that
-- of a customer who is average in all of them.
{%- set features = propensity_features() %}
with

fitted as (

    select
        target,
        model,
        kind,
        feature,
        feature_value,
        estimate,
        feature_mean,
        estimate / feature_deviation as slope,
        is_selected
    from {{ ref("fit_customer_value__propensity") }}
    where
        kind in ('coefficient', 'scaling')
        and model in (
            'logistic_regression', 'recency_days', 'probability_active_90d',
            'renewal_model'
        )

),

sample_rows as (

    select
        observation_id,
        customer_id,
        target,
        {% for feature in features %}
            {{ feature }},
        {% endfor %}
        fold
    from {{ ref("int_customer_value__propensity_sample") }}
    where fold = 'test'

),

current_rows as (

    select
        customer_id as observation_id,
        customer_id,
        {% for feature in features %}
            {{ feature }},
        {% endfor %}
        'current' as fold
    from {{ ref("int_customer_value__propensity_features") }}
    where is_current

),

attribute_contributions as (

    select
        target,
        model,
        customer_id,
        {{ exact_sum("contribution") }} as attributes
    from {{ ref("int_customer_value__propensity_attribute_contributions") }}
    group by target, model, customer_id

),

-- The coefficients side by side. A baseline has one, and is not scaled.
coefficients as (

    select
        target,
        model,
        max(case when kind = 'coefficient' and feature = 'intercept' then estimate end)
            as intercept,
        coalesce(
            max(case when kind = 'scaling' and feature = 'slope' then estimate end), 1
        ) as scaling_slope,
        coalesce(
            max(case when kind = 'scaling' and feature = 'intercept' then estimate end),
            0
        ) as scaling_intercept,
        {% for feature in features %}
            max(case when feature = '{{ feature }}' then slope end)
                as {{ feature }}_slope,
            max(case when feature = '{{ feature }}' then feature_mean end)
                as {{ feature }}_mean,
        {% endfor %}
        max(case when is_selected then 1 else 0 end) = 1 as is_selected
    from fitted
    where feature_value is null
    group by target, model

),

-- Every linear model is tested; customers of today are scored by the one in use.
rows_to_score as (

    select
        coefficients.model,
        sample_rows.*
    from sample_rows
    inner join coefficients on sample_rows.target = coefficients.target
    union all
    select
        coefficients.model,
        current_rows.observation_id,
        current_rows.customer_id,
        coefficients.target,
        {% for feature in features %}
            current_rows.{{ feature }},
        {% endfor %}
        current_rows.fold
    from current_rows
    cross join coefficients
    where
        coefficients.is_selected
        and {{ is_of_target(
            "coefficients.target",
            "current_rows.subscription_renewals_paid is not null",
            "current_rows.recency_days is not null"
        ) }}

),

contributions as (

    select
        ---------- ids
        rows_to_score.observation_id,
        rows_to_score.customer_id,

        ---------- strings
        rows_to_score.target,
        rows_to_score.model,
        rows_to_score.fold,

        ---------- numerics
        {% for feature in features %}
            coalesce(
                coefficients.scaling_slope
                * coefficients.{{ feature }}_slope
                * (rows_to_score.{{ feature }} - coefficients.{{ feature }}_mean),
                0
            ) as {{ feature }},
        {% endfor %}
        coalesce(attribute_contributions.attributes, 0) as attributes,
        coefficients.scaling_intercept
        + coefficients.scaling_slope * coefficients.intercept as base_score
    from rows_to_score
    inner join coefficients
        on
            rows_to_score.target = coefficients.target
            and rows_to_score.model = coefficients.model
    left join attribute_contributions
        on
            rows_to_score.target = attribute_contributions.target
            and rows_to_score.model = attribute_contributions.model
            and rows_to_score.customer_id = attribute_contributions.customer_id

)

select * from contributions
