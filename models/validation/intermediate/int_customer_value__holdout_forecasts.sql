{{ config(materialized="table") }}

with

forecasts as (

    select
        customer_id,
        forecast_role,
        model,
        horizon_days,
        purchase_day_count,
        repeat_count,
        net_revenue,
        recency_days,
        customer_age_days,
        probability_alive,
        probability_active_90d as probability_active,
        expected_purchases_365d as expected_purchases,
        expected_purchase_value,
        actual_purchases,
        actual_revenue,
        last_window_purchases,
        cast(last_window_revenue as {{ type_double() }}) as last_window_revenue,
        is_active,
        as_of_date,
        first_purchase_date
    from {{ ref("int_customer_value__forecasts") }}
    where is_compared

),

value_challengers as (

    select
        customer_id,
        as_of_role as forecast_role,
        model,
        value
    from {{ ref("fit_customer_value__value_learners") }}
    where as_of_role = 'calibration' and row_kind = 'forecast'

),

-- Any purchase model's rows will do: the spend model is one for all of them.
customer_sample as (

    select *
    from forecasts
    where model = 'bg_nbd'

),

populations as (

    select
        forecast_role,
        cast(sum(repeat_count) as {{ type_double() }})
        / nullif(sum(customer_age_days), 0) as purchases_per_day,
        cast(sum(net_revenue) as {{ type_double() }})
        / sum(purchase_day_count) as revenue_per_purchase_day,
        max({{ date_diff_days("first_purchase_date", "as_of_date") }}) + 1
            as observed_days
    from customer_sample
    group by forecast_role

),

customers as (

    select
        customer_sample.customer_id,
        customer_sample.forecast_role,
        customer_sample.purchase_day_count,
        customer_sample.repeat_count,
        customer_sample.recency_days,
        customer_sample.customer_age_days,
        cast(greatest(customer_sample.net_revenue, 0) as {{ type_double() }})
            as net_revenue,
        cast(greatest(customer_sample.net_revenue, 0) as {{ type_double() }})
        / customer_sample.purchase_day_count as average_purchase_value,
        customer_sample.expected_purchase_value,
        customer_sample.actual_purchases,
        customer_sample.actual_revenue,
        customer_sample.last_window_purchases,
        customer_sample.last_window_revenue,
        customer_sample.is_active,
        customer_sample.as_of_date,
        -- What a customer of no age has done so far is no rate.
        coalesce(
            cast(customer_sample.repeat_count as {{ type_double() }})
            / nullif(customer_sample.customer_age_days, 0),
            0
        ) * customer_sample.horizon_days as own_rate_purchases,
        coalesce(populations.purchases_per_day, 0)
        * customer_sample.horizon_days as mean_purchases,
        populations.revenue_per_purchase_day,
        cast(customer_sample.horizon_days as {{ type_double() }})
        / populations.observed_days as holdout_ratio
    from customer_sample
    inner join populations on customer_sample.forecast_role = populations.forecast_role

),

model_predictions as (

    select
        customer_id,
        forecast_role,
        model,
        probability_alive,
        probability_active,
        expected_purchases as predicted_purchases,
        expected_purchases * expected_purchase_value as predicted_revenue
    from forecasts

),

-- What one would say without a model.
baseline_predictions as (

    select
        customer_id,
        forecast_role,
        'own_rate' as model,
        own_rate_purchases as predicted_purchases,
        own_rate_purchases * expected_purchase_value as predicted_revenue
    from customers
    union all
    select
        customer_id,
        forecast_role,
        'population_mean' as model,
        mean_purchases as predicted_purchases,
        mean_purchases * revenue_per_purchase_day as predicted_revenue
    from customers
    union all
    select
        customer_id,
        forecast_role,
        'past_spend' as model,
        purchase_day_count * holdout_ratio as predicted_purchases,
        net_revenue * holdout_ratio as predicted_revenue
    from customers
    union all
    select
        customer_id,
        forecast_role,
        'past_average' as model,
        mean_purchases as predicted_purchases,
        mean_purchases * average_purchase_value as predicted_revenue
    from customers
    union all
    select
        customer_id,
        forecast_role,
        'last_window' as model,
        last_window_purchases as predicted_purchases,
        last_window_revenue as predicted_revenue
    from customers

),

predictions as (

    select
        customer_id,
        forecast_role,
        model,
        probability_alive,
        probability_active,
        predicted_purchases,
        predicted_revenue
    from model_predictions
    union all
    select
        customer_id,
        forecast_role,
        model,
        cast(null as {{ type_double() }}) as probability_alive,
        cast(null as {{ type_double() }}) as probability_active,
        predicted_purchases,
        predicted_revenue
    from baseline_predictions
    union all
    -- Learners predict what customers spend, not how often they buy.
    select
        customer_id,
        forecast_role,
        model,
        cast(null as {{ type_double() }}) as probability_alive,
        cast(null as {{ type_double() }}) as probability_active,
        cast(null as {{ type_double() }}) as predicted_purchases,
        value as predicted_revenue
    from value_challengers

),

holdout_forecasts as (

    select
        ---------- ids
        customers.customer_id,

        ---------- strings
        customers.forecast_role,
        predictions.model,

        ---------- numerics
        customers.repeat_count,
        customers.recency_days,
        customers.customer_age_days,
        predictions.probability_alive,
        predictions.probability_active,
        predictions.predicted_purchases,
        predictions.predicted_revenue,
        customers.actual_purchases,
        customers.actual_revenue,

        ---------- booleans
        customers.is_active,

        ---------- dates
        customers.as_of_date
    from customers
    inner join predictions
        on
            customers.customer_id = predictions.customer_id
            and customers.forecast_role = predictions.forecast_role

)

select * from holdout_forecasts
