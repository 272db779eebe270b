with

customer_scores as (

    select
        customer_id,
        segment
    from {{ ref("int_customer_value__customer_scores") }}
    where is_current

),

customer_sample as (

    select
        customer_id,
        repeat_count,
        paid_repeat_count,
        mean_repeat_value,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_sample") }}
    where as_of_role = 'current'

),

populations as (

    select customer_count
    from {{ ref("int_customer_value__populations") }}
    where as_of_role = 'current'

),

forecasts_in_use as (

    select
        customer_id,
        fit_role,
        purchases_factor,
        dispersion,
        expected_purchase_value,
        margin_share,
        purchase_value_deviation,
        mean_value_deviation,
        expected_purchases_365d
    from {{ ref("int_customer_value__forecasts") }}
    where
        forecast_role = 'current'
        and not is_history
        and model = '{{ forecast_in_use() }}'

),

forecasts as (

    select
        as_of_role as fit_role,
        repeat_count,
        customer_age_days,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where
        model = '{{ model_in_use() }}'
        and month_ahead = 0
        and from_day = 0
        and to_day = {{ var("horizon_days") }}

),

forecast_sample as (

    select
        ---------- ids
        customer_sample.customer_id,

        ---------- strings
        customer_scores.segment,

        ---------- numerics
        customer_sample.repeat_count,
        customer_sample.paid_repeat_count,
        customer_sample.mean_repeat_value,
        customer_sample.last_purchase_age_days,
        customer_sample.customer_age_days,
        -- What a unit of undiscounted spend is worth: discount and margin.
        coalesce(
            forecasts.discounted_purchases_if_alive
            / nullif(forecasts.purchases_if_alive, 0)
            * forecasts_in_use.margin_share,
            0
        ) as value_per_spend,
        forecasts_in_use.purchases_factor,
        forecasts_in_use.dispersion,
        forecasts_in_use.expected_purchase_value,
        forecasts_in_use.purchase_value_deviation,
        forecasts_in_use.mean_value_deviation,
        forecasts_in_use.expected_purchases_365d,
        populations.customer_count as population_customer_count
    from customer_sample
    inner join customer_scores
        on customer_sample.customer_id = customer_scores.customer_id
    inner join forecasts_in_use
        on customer_sample.customer_id = forecasts_in_use.customer_id
    inner join forecasts
        on
            forecasts_in_use.fit_role = forecasts.fit_role
            and customer_sample.repeat_count = forecasts.repeat_count
            and customer_sample.customer_age_days = forecasts.customer_age_days
    cross join populations

)

select * from forecast_sample
