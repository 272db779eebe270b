{{ config(materialized="table") }}

with

customer_values as (

    select lifetime_value_365d
    from {{ ref("int_lifetime_values") }}

),

-- Sorting everybody by value would cost more than all the rest of a customer.
bands as (

    select
        {{ value_band("lifetime_value_365d") }} as value_band,
        count(*) as customers_in_band
    from customer_values
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
        sum(customers_in_band) over () as customer_count
    from bands

),

value_ranks as (

    select
        value_band,
        cast(customers_up_to - customers_in_band as bigint) as customers_worth_less,
        cast(customer_count - customers_up_to as bigint) as customers_worth_more,
        cast(customer_count as bigint) as customer_count
    from running

)

select * from value_ranks
