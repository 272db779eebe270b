{{ config(materialized="table") }}

with

spend as (

    select ln(cast(net_revenue as {{ type_double() }})) as log_spend
    from {{ ref("int_customer_snapshots") }}
    where is_current and net_revenue > 0

),

typical_spend as (

    select {{ percentile("log_spend", 0.5) }} as median_log_spend
    from spend

),

deviations as (

    select
        typical_spend.median_log_spend,
        abs(spend.log_spend - typical_spend.median_log_spend) as deviation
    from spend
    cross join typical_spend

),

spread as (

    select
        max(median_log_spend) as median_log_spend,
        {{ percentile("deviation", 0.5) }} as median_deviation
    from deviations

)

select * from spread
