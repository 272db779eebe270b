{{ config(
    materialized=history_materialization(),
    incremental_strategy="delete+insert",
    unique_key="as_of_date",
    on_schema_change="sync_all_columns",
    post_hook="{{ delete_outdated_history() }}",
) }}

with

customer_scores as (

    select
        segment,
        net_revenue,
        recency_days,
        as_of_date
    from {{ ref("int_customer_value__customer_scores") }}

),

history_dates as (

    select
        fingerprint,
        days_before_current,
        as_of_date,
        previous_date
    from {{ ref("int_customer_value__history_dates") }}

),

dates_to_compute as (

    {{ history_dates_to_compute() }}

),

sums as (

    select
        customer_scores.as_of_date,
        customer_scores.segment,
        count(*) as customer_count,
        sum(customer_scores.net_revenue) as net_revenue,
        sum(customer_scores.recency_days) as recency_days
    from customer_scores
    inner join dates_to_compute
        on customer_scores.as_of_date = dates_to_compute.as_of_date
    group by customer_scores.as_of_date, customer_scores.segment

),

totals as (

    select
        ---------- strings
        sums.segment,
        dates_to_compute.fingerprint,

        ---------- numerics
        sums.customer_count,
        cast(sums.net_revenue as {{ type_money() }}) as net_revenue,
        cast(sums.recency_days as bigint) as recency_days,

        ---------- dates
        sums.as_of_date
    from sums
    inner join dates_to_compute on sums.as_of_date = dates_to_compute.as_of_date

)

select * from totals
