with

snapshots as (

    select
        customer_id,
        repeat_count,
        paid_repeat_count,
        mean_repeat_value,
        last_purchase_age_days,
        customer_age_days,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}

),

history_dates as (

    select as_of_date
    from {{ ref("int_customer_value__history_dates") }}

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
        discounted_purchases_if_alive
    from {{ ref("score_customer_value__forecasts") }}
    where
        as_of_role = 'current'
        and model = '{{ var("purchase_model") }}'
        and from_day = 0
        and month_ahead = 0

),

with_parameters as (

    select
        snapshots.customer_id,
        snapshots.repeat_count,
        snapshots.paid_repeat_count,
        snapshots.mean_repeat_value,
        snapshots.last_purchase_age_days,
        snapshots.customer_age_days,
        if_alive.discounted_purchases_if_alive as discounted_purchases_if_alive_365d,
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
        forecast_parameters.mean_purchase_value,
        snapshots.as_of_date
    from snapshots
    inner join history_dates on snapshots.as_of_date = history_dates.as_of_date
    cross join forecast_parameters
    left join forecasts as if_alive
        on
            snapshots.repeat_count = if_alive.repeat_count
            and snapshots.customer_age_days = if_alive.customer_age_days
            and if_alive.to_day = {{ var("horizon_days") }}
    -- Only the Pareto/NBD needs a lookup for P(alive), as in int_customer_forecasts.
    left join forecasts as silences
        on
            silences.model = 'pareto_nbd'
            and snapshots.repeat_count = silences.repeat_count
            and snapshots.last_purchase_age_days = silences.customer_age_days
            and snapshots.customer_age_days - snapshots.last_purchase_age_days
            = silences.to_day

),

alive as (

    select
        *,
        {{ probability_alive() }} as probability_alive,
        {{ expected_purchase_value() }} as expected_purchase_value
    from with_parameters

),

banded as (

    select
        customer_id,
        as_of_date,
        {{ value_band(lifetime_value()) }} as value_band
    from alive

),

bands as (

    select
        as_of_date,
        value_band,
        count(*) as customers_in_band
    from banded
    group by as_of_date, value_band

),

running as (

    select
        as_of_date,
        value_band,
        sum(customers_in_band) over (
            partition by as_of_date
            order by value_band
            rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customers_in_band) over (partition by as_of_date) as customer_count
    from bands

),

ranked as (

    select
        as_of_date,
        value_band,
        customer_count,
        customer_count - customers_up_to as customers_worth_more
    from running

),

tiers as (

    select
        as_of_date,
        value_band,
        {{ value_tier() }} as value_tier
    from ranked

),

past_value_tiers as (

    select
        ---------- ids
        banded.customer_id,

        ---------- strings
        tiers.value_tier,

        ---------- dates
        banded.as_of_date
    from banded
    inner join tiers
        on
            banded.as_of_date = tiers.as_of_date
            and banded.value_band = tiers.value_band

)

select * from past_value_tiers
