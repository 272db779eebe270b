with

customer_sample as (

    select
        customer_id,
        repeat_count,
        paid_repeat_count,
        mean_repeat_value,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_sample") }}
    where as_of_role = 'calibration'

),

as_of_dates as (

    select days_before_current as holdout_days
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'calibration'

),

forecast_parameters as (

    select
        model,
        r,
        alpha,
        a,
        b,
        dropout,
        p,
        q,
        v,
        mean_purchase_value
    from {{ ref("int_customer_value__forecast_parameters") }}
    where as_of_role = 'calibration'

),

forecasts as (

    select
        model,
        repeat_count,
        customer_age_days,
        to_day,
        alive_if_silent,
        active_if_alive,
        purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where as_of_role = 'calibration' and from_day = 0

),

-- Activity is compared over its own window, or over the holdout where that is shorter.
if_alive as (

    select
        forecasts.model,
        forecasts.repeat_count,
        forecasts.customer_age_days,
        max(
            case
                when
                    forecasts.to_day
                    = least(as_of_dates.holdout_days, {{ var("activity_days") }})
                    then forecasts.active_if_alive
            end
        ) as active_if_alive,
        max(
            case
                when forecasts.to_day = as_of_dates.holdout_days
                    then forecasts.purchases_if_alive
            end
        ) as purchases_if_alive
    from forecasts
    cross join as_of_dates
    group by
        forecasts.model,
        forecasts.repeat_count,
        forecasts.customer_age_days

),

with_parameters as (

    select
        customer_sample.customer_id,
        customer_sample.repeat_count,
        customer_sample.paid_repeat_count,
        customer_sample.mean_repeat_value,
        customer_sample.last_purchase_age_days,
        customer_sample.customer_age_days,
        if_alive.active_if_alive,
        if_alive.purchases_if_alive,
        silences.alive_if_silent,
        forecast_parameters.model,
        forecast_parameters.r,
        forecast_parameters.alpha,
        forecast_parameters.a,
        forecast_parameters.b,
        forecast_parameters.dropout,
        forecast_parameters.p,
        forecast_parameters.q,
        forecast_parameters.v,
        forecast_parameters.mean_purchase_value
    from customer_sample
    cross join forecast_parameters
    inner join if_alive
        on
            forecast_parameters.model = if_alive.model
            and customer_sample.repeat_count = if_alive.repeat_count
            and customer_sample.customer_age_days = if_alive.customer_age_days
    left join forecasts as silences
        on
            forecast_parameters.model = silences.model
            and silences.model = 'pareto_nbd'
            and customer_sample.repeat_count = silences.repeat_count
            and customer_sample.last_purchase_age_days = silences.customer_age_days
            and customer_sample.customer_age_days
            - customer_sample.last_purchase_age_days = silences.to_day

),

alive as (

    select
        *,
        {{ probability_alive() }} as probability_alive,
        {{ expected_purchase_value() }} as expected_purchase_value
    from with_parameters

),

holdout_model_forecasts as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        model,

        ---------- numerics
        probability_alive,
        probability_alive * active_if_alive as probability_active,
        probability_alive * purchases_if_alive as expected_purchases,
        expected_purchase_value
    from alive

)

select * from holdout_model_forecasts
