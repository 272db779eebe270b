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
        segment,
        as_of_date
    from {{ ref("int_customer_value__customer_scores") }}

),

legend as (

    select distinct segment from {{ ref("customer_value__rfm_legend") }}

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

-- A date is compared with the one before, which therefore has to be looked at as well.
dates_to_read as (

    select as_of_date
    from dates_to_compute
    union distinct
    select previous_date as as_of_date
    from dates_to_compute
    where previous_date is not null

),

-- A number is compared across dates at a fraction of what a name costs.
segment_numbers as (

    select
        segment,
        row_number() over (order by segment) as segment_number
    from legend

),

numbered as (

    select
        customer_scores.customer_id,
        customer_scores.as_of_date,
        cast(segment_numbers.segment_number as integer) as segment_number
    from customer_scores
    left join segment_numbers on customer_scores.segment = segment_numbers.segment

),

-- Who is there on one date is there on every later one, so the row before is the date
-- before.
with_previous as (

    select
        numbered.customer_id,
        numbered.segment_number,
        numbered.as_of_date,
        lag(numbered.segment_number) over (
            partition by numbered.customer_id order by numbered.as_of_date
        ) as earlier_segment_number
    from numbered
    inner join dates_to_read on numbered.as_of_date = dates_to_read.as_of_date

),

changed as (

    select
        customer_id,
        segment_number,
        earlier_segment_number,
        as_of_date
    from with_previous
    where earlier_segment_number is null or earlier_segment_number != segment_number

),

changes as (

    select
        ---------- ids
        changed.customer_id,

        ---------- strings
        segment_numbers.segment,
        case
            when dates_to_compute.previous_date is not null
                then coalesce(earlier_segments.segment, 'New')
        end as previous_segment,
        dates_to_compute.fingerprint,

        ---------- dates
        changed.as_of_date
    from changed
    inner join dates_to_compute on changed.as_of_date = dates_to_compute.as_of_date
    left join segment_numbers
        on changed.segment_number = segment_numbers.segment_number
    left join segment_numbers as earlier_segments
        on changed.earlier_segment_number = earlier_segments.segment_number

)

select * from changes
