{{ config(materialized="table") }}

with

snapshots as (

    select net_revenue
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current and net_revenue > 0

),

-- Ordered twice below: there are far fewer amounts than customers.
amounts as (

    select
        ln(cast(net_revenue as {{ type_double() }})) as log_spend,
        count(*) as customer_count
    from snapshots
    group by net_revenue

),

by_spend as (

    select
        log_spend,
        sum(customer_count) over (
            order by log_spend
            rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customer_count) over () as population_count
    from amounts

),

-- The mean of the two in the middle; equal amounts are one row and a number.
typical_spend as (

    select
        (
            min(case when 2 * customers_up_to >= population_count then log_spend end)
            + min(case when 2 * customers_up_to > population_count then log_spend end)
        ) / 2 as median_log_spend
    from by_spend

),

deviations as (

    select
        typical_spend.median_log_spend,
        abs(amounts.log_spend - typical_spend.median_log_spend) as deviation,
        amounts.customer_count
    from amounts
    cross join typical_spend

),

by_deviation as (

    select
        median_log_spend,
        deviation,
        sum(customer_count) over (
            order by deviation
            rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customer_count) over () as population_count
    from deviations

),

spread as (

    select
        max(median_log_spend) as median_log_spend,
        (
            min(case when 2 * customers_up_to >= population_count then deviation end)
            + min(case when 2 * customers_up_to > population_count then deviation end)
        ) / 2 as median_deviation
    from by_deviation

)

select * from spread
