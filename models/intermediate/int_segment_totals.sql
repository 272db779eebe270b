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
    from {{ ref("int_customer_scores") }}

),

history_dates as (

    select
        fingerprint,
        days_before_current,
        as_of_date,
        previous_date
    from {{ ref("int_history_dates") }}

),

dates_to_compute as (

    {{ history_dates_to_compute() }}

),

totals as (

    select
        ---------- strings
        customer_scores.segment,
        dates_to_compute.fingerprint,

        ---------- numerics
        count(*) as customer_count,
        cast(sum(customer_scores.net_revenue) as {{ type_money() }}) as net_revenue,
        cast(sum(customer_scores.recency_days) as bigint) as recency_days,

        ---------- dates
        dates_to_compute.as_of_date
    from customer_scores
    inner join dates_to_compute
        on customer_scores.as_of_date = dates_to_compute.as_of_date
    group by
        customer_scores.segment,
        dates_to_compute.fingerprint,
        dates_to_compute.as_of_date

)

select * from totals
