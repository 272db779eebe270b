{{ config(materialized="table") }}

{%- set is_learned = var("value_model") != "probabilistic" and is_on("validation") %}
with

snapshots as (

    select
        customer_id,
        repeat_count,
        paid_repeat_count,
        mean_repeat_value,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

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
    where as_of_role = 'current' and model = '{{ var("purchase_model") }}'

),

forecasts as (

    select
        model,
        repeat_count,
        customer_age_days,
        to_day,
        alive_if_silent,
        active_if_alive,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where
        as_of_role = 'current'
        and model = '{{ var("purchase_model") }}'
        and from_day = 0
        and month_ahead = 0

),

learned_values as (

    {% if is_learned -%}
        select
            customer_id,
            model as value_model,
            value
        from {{ ref("fit_customer_value__value_learners") }}
        where as_of_role = 'current' and row_kind = 'forecast'
    {%- else -%}
        select
            cast(null as {{ dbt.type_string() }}) as customer_id,
            cast(null as {{ dbt.type_string() }}) as value_model,
            cast(null as {{ type_double() }}) as value
        from forecasts
        where 1 = 0
    {%- endif %}

),

if_alive as (

    select
        repeat_count,
        customer_age_days,
        max(case when to_day = {{ var("activity_days") }} then active_if_alive end)
            as active_if_alive_90d,
        max(case when to_day = {{ var("activity_days") }} then purchases_if_alive end)
            as purchases_if_alive_90d,
        max(case when to_day = {{ var("horizon_days") }} then purchases_if_alive end)
            as purchases_if_alive_365d,
        max(
            case
                when to_day = {{ var("horizon_days") }}
                    then discounted_purchases_if_alive
            end
        ) as discounted_purchases_if_alive_365d
    from forecasts
    where to_day in ({{ var("activity_days") }}, {{ var("horizon_days") }})
    group by repeat_count, customer_age_days

),

-- Only the Pareto/NBD needs a lookup for P(alive): the customer was active at the last
-- purchase, and has been silent since.
silences as (

    select
        repeat_count,
        customer_age_days as last_purchase_age_days,
        to_day as days_silent,
        alive_if_silent
    from forecasts
    where model = 'pareto_nbd'

),

with_parameters as (

    select
        snapshots.customer_id,
        snapshots.repeat_count,
        snapshots.paid_repeat_count,
        snapshots.mean_repeat_value,
        snapshots.last_purchase_age_days,
        snapshots.customer_age_days,
        if_alive.active_if_alive_90d,
        if_alive.purchases_if_alive_90d,
        if_alive.purchases_if_alive_365d,
        if_alive.discounted_purchases_if_alive_365d,
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
    from snapshots
    left join if_alive
        on
            snapshots.repeat_count = if_alive.repeat_count
            and snapshots.customer_age_days = if_alive.customer_age_days
    left join silences
        on
            snapshots.repeat_count = silences.repeat_count
            and snapshots.last_purchase_age_days = silences.last_purchase_age_days
            and snapshots.customer_age_days - snapshots.last_purchase_age_days
            = silences.days_silent
    left join forecast_parameters on 1 = 1

),

alive as (

    select
        *,
        {{ probability_alive() }} as probability_alive,
        {{ expected_purchase_value() }} as expected_purchase_value
    from with_parameters

),

customer_forecasts as (

    select
        ---------- ids
        alive.customer_id,

        ---------- strings
        coalesce(learned_values.value_model, 'probabilistic') as value_model,

        ---------- numerics
        alive.probability_alive,
        alive.probability_alive * alive.active_if_alive_90d as probability_active_90d,
        alive.probability_alive
        * alive.purchases_if_alive_90d as expected_purchases_90d,
        alive.probability_alive
        * alive.purchases_if_alive_365d as expected_purchases_365d,
        alive.expected_purchase_value,
        coalesce(learned_values.value, {{ lifetime_value() }}) as lifetime_value_365d
    from alive
    left join learned_values on alive.customer_id = learned_values.customer_id

)

select * from customer_forecasts
