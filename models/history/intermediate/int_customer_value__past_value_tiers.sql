with

forecasts as (

    select
        customer_id,
        {{ lifetime_value() }} as lifetime_value_365d,
        as_of_date
    from {{ ref("int_customer_value__forecasts") }}
    where forecast_role = 'current' and model = '{{ forecast_in_use() }}'

),

history_dates as (

    select as_of_date
    from {{ ref("int_customer_value__history_dates") }}

),

banded as (

    select
        forecasts.customer_id,
        forecasts.as_of_date,
        forecasts.lifetime_value_365d,
        {{ value_band("forecasts.lifetime_value_365d") }} as value_band
    from forecasts
    inner join history_dates on forecasts.as_of_date = history_dates.as_of_date

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

        ---------- numerics
        banded.lifetime_value_365d,

        ---------- dates
        banded.as_of_date
    from banded
    inner join tiers
        on
            banded.as_of_date = tiers.as_of_date
            and banded.value_band = tiers.value_band

)

select * from past_value_tiers
