{{ config(materialized="table") }}

with

customer_values as (

    select lifetime_value_365d
    from {{ ref("int_lifetime_values") }}

),

value_counts as (

    select
        lifetime_value_365d,
        count(*) as customers_worth_the_same
    from customer_values
    where lifetime_value_365d is not null
    group by lifetime_value_365d

),

running as (

    select
        lifetime_value_365d,
        customers_worth_the_same,
        sum(customers_worth_the_same) over (
            order by lifetime_value_365d
            rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customers_worth_the_same) over () as customer_count
    from value_counts

),

value_ranks as (

    select
        lifetime_value_365d,
        cast(customers_up_to - customers_worth_the_same as bigint)
            as customers_worth_less,
        cast(customer_count - customers_up_to as bigint) as customers_worth_more,
        cast(customer_count as bigint) as customer_count
    from running

)

select * from value_ranks
