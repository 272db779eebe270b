{{ config(materialized="table") }}

with

customer_forecasts as (

    select lifetime_value_365d
    from {{ ref("int_customer_value__customer_forecasts") }}

),

-- Customers are ranked by band of value.
bands as (

    select
        {{ value_band("lifetime_value_365d") }} as value_band,
        count(*) as customers_in_band
    from customer_forecasts
    group by {{ value_band("lifetime_value_365d") }}

),

running as (

    select
        value_band,
        customers_in_band,
        sum(customers_in_band) over (
            order by value_band
            rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customers_in_band) over () as population_count
    from bands

),

counted as (

    select
        value_band,
        cast(customers_up_to - customers_in_band as bigint) as customers_worth_less,
        cast(population_count - customers_up_to as bigint) as customers_worth_more,
        cast(population_count as bigint) as customer_count
    from running

),

value_ranks as (

    select
        ---------- ids
        value_band,

        ---------- strings
        {{ value_tier() }} as value_tier,

        ---------- numerics
        -- The share of customers with a lower value; equal values share it.
        cast(100 * customers_worth_less as {{ type_double() }})
        / customer_count as lifetime_value_percentile
    from counted

)

select * from value_ranks
