{{ config(materialized="table") }}

{#- The mean of the two in the middle; equal amounts are one row and a number. -#}
{%- set median_of = "(
            min(case when 2 * customers_up_to >= population_count then %(value)s end)
            + min(case when 2 * customers_up_to > population_count then %(value)s end)
        ) / 2" %}
with

snapshots as (

    select net_revenue
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current and net_revenue > 0

),

-- There are far fewer amounts than customers to be put in order, twice.
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

typical_spend as (

    select {{ median_of % {"value": "log_spend"} }} as median_log_spend
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
        {{ median_of % {"value": "deviation"} }} as median_deviation
    from by_deviation

)

select * from spread
