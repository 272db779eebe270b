{%- set shared = [
    "customer_id", "forecast_role", "fit_role", "horizon_days", "population_count",
    "purchase_day_count", "repeat_count", "net_revenue", "recency_days",
    "last_purchase_age_days", "customer_age_days", "margin_share",
    "purchase_rate_shape", "purchase_rate_scale", "last_window_purchases", "last_window_revenue",
    "actual_purchases", "actual_revenue",
    "is_compared", "is_history", "is_active", "as_of_date", "first_purchase_date"
] %}
with

classical as (

    select
        {{ shared | join(",\n        ") }},
        model,
        probability_alive,
        probability_active_90d,
        expected_purchases_90d,
        expected_purchases_365d,
        discounted_purchases_365d,
        expected_purchase_value,
        cast(1 as {{ type_double() }}) as purchases_factor,
        cast(null as {{ type_double() }}) as dispersion,
        cast(null as {{ type_double() }}) as purchase_value_deviation,
        cast(null as {{ type_double() }}) as mean_value_deviation
    from {{ ref("int_customer_value__model_forecasts") }}
    where
        date_number = 0
        and (is_compared or model = '{{ var("purchase_model") }}')
        -- The past is seen by the forecast in use alone.
        and (not is_history or '{{ forecast_in_use() }}' != 'corrected')

),

factors as (

    select
        {{ shared | join(",\n        ") }},
        purchases_factor as raw_purchases_factor,
        revenue_factor as raw_revenue_factor,
        dispersion_intercept,
        dispersion_slope,
        paid_count,
        shrunk_purchase_value,
        spend_shrinkage,
        within_spend_variance,
        probability_alive,
        expected_purchases_90d as base_purchases_90d,
        expected_purchases_365d as base_purchases_365d,
        discounted_purchases_365d as base_discounted_purchases_365d
    from {{ ref("int_customer_value__forecast_factors") }}
    where not is_history or '{{ forecast_in_use() }}' = 'corrected'

),

correction_constants as (

    select
        forecast_role,
        purchases_constant,
        revenue_constant
    from {{ ref("int_customer_value__correction_constants") }}

),

at_level as (

    select
        factors.*,
        factors.raw_purchases_factor
        * correction_constants.purchases_constant as purchases_factor,
        factors.raw_revenue_factor
        * correction_constants.revenue_constant as revenue_factor
    from factors
    inner join correction_constants
        on factors.forecast_role = correction_constants.forecast_role

),

expected as (

    select
        *,
        base_purchases_90d * purchases_factor as expected_purchases_90d,
        base_purchases_365d * purchases_factor as expected_purchases_365d,
        base_discounted_purchases_365d * purchases_factor as discounted_purchases_365d,
        shrunk_purchase_value * revenue_factor / purchases_factor
            as expected_purchase_value
    from at_level

),

with_dispersion as (

    select
        *,
        {{ count_dispersion("expected_purchases_365d") }} as dispersion
    from expected

),

corrected as (

    select
        {{ shared | join(",\n        ") }},
        'corrected' as model,
        probability_alive,
        -- A part of the horizon has its dispersion: customers differ by as much.
        {{ probability_of_purchase("expected_purchases_90d", "dispersion") }}
            as probability_active_90d,
        expected_purchases_90d,
        expected_purchases_365d,
        discounted_purchases_365d,
        expected_purchase_value,
        purchases_factor,
        dispersion,
        -- Of a lognormal with this variance of the logarithm, as shares of the mean:
        -- one purchase around the customer's mean, and that around its estimate.
        sqrt(exp(least(within_spend_variance, 20)) - 1) as purchase_value_deviation,
        sqrt(
            exp(
                least(within_spend_variance / (paid_count + spend_shrinkage), 20)
            ) - 1
        ) as mean_value_deviation
    from with_dispersion

),

forecasts as (

    select * from classical
    union all
    select * from corrected

)

select * from forecasts
