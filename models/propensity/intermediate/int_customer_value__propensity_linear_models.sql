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
        feature_deviation
    from {{ ref("fit_customer_value__propensity") }}
    where part in ('coefficient', 'calibration')

),

linear_models as (

    select
        target,
        model,
        {% for feature in features %}
            max(
                case
                    when feature = '{{ feature }}' and feature_value is null
                        then estimate / feature_deviation
                end
            ) as {{ feature }}_slope,
            max(
                case
                    when feature = '{{ feature }}' and feature_value is null
                        then feature_mean
                end
            ) as {{ feature }}_mean,
        {% endfor %}
        max(case when part = 'coefficient' and feature = 'intercept' then estimate end)
            as intercept,
        coalesce(
            {{ exact_sum(
                "case when feature_value is not null "
                ~ "then -1 * estimate * feature_mean / feature_deviation end"
            ) }},
            0
        ) as attribute_intercept,
        coalesce(
            max(
                case when part = 'calibration' and feature = 'slope' then estimate end
            ),
            1
        ) as calibration_slope,
        coalesce(
            max(
                case
                    when part = 'calibration' and feature = 'intercept' then estimate
                end
            ),
            0
        ) as calibration_intercept
    from fitted
    where model in ('logistic_regression', 'recency_days')
    group by target, model

)

select * from linear_models
