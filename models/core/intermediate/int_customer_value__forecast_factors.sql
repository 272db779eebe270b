{%- set features = correction_features() -%}
{%- set measures = {
    "purchases": (features.keys() | list)[:-1], "revenue": features.keys() | list
} %}
with

model_forecasts as (

    select *
    from {{ ref("int_customer_value__model_forecasts") }}
    where date_number = 0 and model = '{{ base_model() }}'

),

corrections as (

    select
        forecast_role,
        measure,
        feature,
        mean,
        deviation,
        low,
        high,
        coefficient
    from {{ ref("fit_customer_value__corrections") }}
    where measure in ('purchases', 'revenue', 'dispersion')

),

-- The coefficients of a forecast side by side; of a feature, what a unit of it adds.
coefficients as (

    select
        forecast_role,
        {% for measure, names in measures.items() -%}
            {% for name in ["intercept"] + names -%}
                {%- set this -%}
                    measure = '{{ measure }}' and feature = '{{ name }}'
                {%- endset -%}
                max(case when {{ this }} then low end) as {{ measure }}_{{ name }}_low,
                max(
                    case when {{ this }} then high end
                ) as {{ measure }}_{{ name }}_high,
                max(
                    case when {{ this }} then mean end
                ) as {{ measure }}_{{ name }}_mean,
                max(case when {{ this }} then coefficient / deviation end)
                    as {{ measure }}_{{ name }}_slope,
            {% endfor -%}
        {% endfor -%}
        max(
            case
                when measure = 'dispersion' and feature = 'intercept' then coefficient
            end
        ) as dispersion_intercept,
        max(
            case
                when measure = 'dispersion' and feature = 'log_mean' then coefficient
            end
        ) as dispersion_slope
    from corrections
    group by forecast_role

),

with_features as (

    select
        *,
    {% for name, expression in features.items() -%}
        {{ expression }} as {{ name }}
        {{- "," if not loop.last }}
    {% endfor %}
    from model_forecasts

),

with_factors as (

    select
        with_features.*,
        coefficients.dispersion_intercept,
        coefficients.dispersion_slope,
    {% for measure, names in measures.items() -%}
        least(
            greatest(
                exp(
                    coefficients.{{ measure }}_intercept_slope
                    {% for name in names -%}
                        + coefficients.{{ measure }}_{{ name }}_slope
                        * (
                            least(
                                greatest(
                                    with_features.{{ name }},
                                    coefficients.{{ measure }}_{{ name }}_low
                                ),
                                coefficients.{{ measure }}_{{ name }}_high
                            ) - coefficients.{{ measure }}_{{ name }}_mean
                        )
                    {% endfor %}
                ),
                coefficients.{{ measure }}_intercept_low
            ),
            coefficients.{{ measure }}_intercept_high
        ) as {{ measure }}_factor
        {{- "," if not loop.last }}
    {% endfor %}
    from with_features
    inner join coefficients
        on with_features.forecast_role = coefficients.forecast_role

),

forecast_factors as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        forecast_role,
        fit_role,

        ---------- numerics
        purchases_factor,
        revenue_factor,
        dispersion_intercept,
        dispersion_slope,
        horizon_days,
        population_count,
        purchase_day_count,
        repeat_count,
        net_revenue,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        paid_count,
        shrunk_purchase_value,
        spend_shrinkage,
        within_spend_variance,
        margin_share,
        purchase_rate_shape,
        purchase_rate_scale,
        probability_alive,
        probability_active_90d,
        expected_purchases_90d,
        expected_purchases_365d,
        discounted_purchases_365d,
        last_window_purchases,
        last_window_revenue,
        actual_purchases,
        actual_revenue,

        ---------- booleans
        is_compared,
        is_history,
        is_active,

        ---------- dates
        as_of_date,
        first_purchase_date
    from with_factors

)

select * from forecast_factors
