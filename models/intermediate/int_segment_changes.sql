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
        customer_id,
        -- A number is compared across dates at a fraction of what a name costs.
        100 * r_score + 10 * f_score + m_score as score_number,
        as_of_date
    from {{ ref("int_customer_scores") }}

),

legend as (

    select
        100 * r_score + 10 * f_score + m_score as score_number,
        segment
    from {{ ref("rfm_legend") }}

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

-- A date is compared with the one before, which therefore has to be looked at as well.
dates_to_read as (

    select as_of_date
    from dates_to_compute
    union distinct
    select previous_date as as_of_date
    from dates_to_compute
    where previous_date is not null

),

-- Who is there on one date is there on every later one, so the row before is the date
-- before.
with_previous as (

    select
        customer_scores.customer_id,
        customer_scores.score_number,
        customer_scores.as_of_date,
        lag(customer_scores.score_number) over (
            partition by customer_scores.customer_id order by customer_scores.as_of_date
        ) as earlier_score_number
    from customer_scores
    inner join dates_to_read on customer_scores.as_of_date = dates_to_read.as_of_date

),

steps as (

    select
        with_previous.customer_id,
        legend.segment,
        dates_to_compute.fingerprint,
        dates_to_compute.as_of_date,
        case
            when dates_to_compute.previous_date is not null
                then coalesce(earlier_legend.segment, 'New')
        end as previous_segment
    from with_previous
    inner join dates_to_compute
        on with_previous.as_of_date = dates_to_compute.as_of_date
    inner join legend on with_previous.score_number = legend.score_number
    left join legend as earlier_legend
        on with_previous.earlier_score_number = earlier_legend.score_number

),

changes as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        segment,
        previous_segment,
        fingerprint,

        ---------- dates
        as_of_date
    from steps
    where previous_segment is null or previous_segment != segment

)

select * from changes
