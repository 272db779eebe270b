{#- What each purchase model says: the three compared ones where forecasts are judged,
    the ones in use today, and the base alone where a correction is learned. -#}
{%- set used = [base_model(), var("purchase_model")] | unique | list -%}
{%- set known = [
    "customer_id", "fit_role", "horizon_days", "window_days", "purchase_day_count",
    "repeat_count", "paid_repeat_count", "net_revenue", "mean_repeat_value",
    "recency_days", "last_purchase_age_days", "customer_age_days", "paid_count",
    "mean_paid_value", "shrunk_purchase_value", "spend_shrinkage",
    "within_spend_variance", "margin_share", "quarter_window_purchases",
    "half_window_purchases", "whole_window_purchases", "window_spend", "as_of_date",
    "first_purchase_date"
] -%}
{%- set outcomes = {
    "population_count": type_double(),
    "last_window_purchases": dbt.type_bigint(), "last_window_revenue": type_money(),
    "actual_purchases": dbt.type_bigint(), "actual_revenue": type_money(),
    "is_fitted": "boolean", "is_active": "boolean"
} %}
with

forecast_rows as (

    select
        {{ known | join(",\n        ") }},
        {{ outcomes.keys() | join(",\n        ") }},
        forecast_role,
        date_number,
        is_compared,
        case
            when is_compared then least(horizon_days, {{ var("activity_days") }})
            else {{ var("activity_days") }}
        end as activity_days,
        false as is_history
    from {{ ref("int_customer_value__forecast_rows") }}
    {% if is_on("history") -%}
        -- Value tiers of the past are today's forecasts of what customers were then;
        -- nobody compares them with what came.
        union all
        select
            {{ known | join(",\n            ") }},
            {% for name, type in outcomes.items() -%}
                cast(null as {{ type }}) as {{ name }},
            {% endfor -%}
            'current' as forecast_role,
            0 as date_number,
            false as is_compared,
            {{ var("activity_days") }} as activity_days,
            true as is_history
        from {{ ref("int_customer_value__past_forecast_rows") }}
    {%- endif %}

),

forecast_parameters as (

    select
        as_of_role,
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

),

forecasts as (

    select
        as_of_role,
        model,
        repeat_count,
        customer_age_days,
        cast(to_day as integer) as to_day,
        alive_if_silent,
        active_if_alive,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where from_day = 0 and month_ahead = 0

),

with_parameters as (

    select
        forecast_rows.*,
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
    from forecast_rows
    inner join forecast_parameters
        on forecast_rows.fit_role = forecast_parameters.as_of_role
    where
        forecast_parameters.model = '{{ base_model() }}'
        or (
            forecast_rows.date_number = 0
            and (
                forecast_rows.is_compared
                or forecast_parameters.model = '{{ var("purchase_model") }}'
            )
        )

),

with_lookups as (

    select
        with_parameters.*,
        horizons.purchases_if_alive as purchases_if_alive_365d,
        horizons.discounted_purchases_if_alive as discounted_purchases_if_alive_365d,
        activities.purchases_if_alive as purchases_if_alive_90d,
        activities.active_if_alive as active_if_alive_90d,
        windows.purchases_if_alive as purchases_if_alive_in_window,
        silences.alive_if_silent
    from with_parameters
    {% for name, days in [
        ("horizons", "horizon_days"),
        ("activities", "activity_days"),
        ("windows", "window_days"),
    ] %}
        left join forecasts as {{ name }}
            on
                with_parameters.fit_role = {{ name }}.as_of_role
                and with_parameters.model = {{ name }}.model
                and with_parameters.repeat_count = {{ name }}.repeat_count
                and with_parameters.customer_age_days = {{ name }}.customer_age_days
                and with_parameters.{{ days }} = {{ name }}.to_day
    {% endfor %}
    -- Only the Pareto/NBD needs a lookup for P(alive): the customer was active at the
    -- last purchase, and has been silent since.
    left join forecasts as silences
        on
            silences.model = 'pareto_nbd'
            and with_parameters.fit_role = silences.as_of_role
            and with_parameters.model = silences.model
            and with_parameters.repeat_count = silences.repeat_count
            and with_parameters.last_purchase_age_days = silences.customer_age_days
            and with_parameters.recency_days = silences.to_day

),

alive as (

    select
        *,
        {{ probability_alive() }} as probability_alive,
        {{ expected_purchase_value() }} as expected_purchase_value
    from with_lookups

),

model_forecasts as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        forecast_role,
        fit_role,
        model,

        ---------- numerics
        date_number,
        horizon_days,
        population_count,
        purchase_day_count,
        repeat_count,
        net_revenue,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        paid_count,
        mean_paid_value,
        shrunk_purchase_value,
        spend_shrinkage,
        within_spend_variance,
        margin_share,
        quarter_window_purchases,
        half_window_purchases,
        whole_window_purchases,
        window_spend,
        r + repeat_count as purchase_rate_shape,
        alpha + customer_age_days as purchase_rate_scale,
        probability_alive,
        expected_purchase_value,
        probability_alive
        * purchases_if_alive_in_window as expected_purchases_in_window,
        probability_alive * active_if_alive_90d as probability_active_90d,
        probability_alive * purchases_if_alive_90d as expected_purchases_90d,
        probability_alive * purchases_if_alive_365d as expected_purchases_365d,
        probability_alive
        * discounted_purchases_if_alive_365d as discounted_purchases_365d,
        last_window_purchases,
        last_window_revenue,
        actual_purchases,
        actual_revenue,

        ---------- booleans
        is_compared,
        is_fitted,
        is_history,
        is_active,

        ---------- dates
        as_of_date,
        first_purchase_date
    from alive

)

select * from model_forecasts
