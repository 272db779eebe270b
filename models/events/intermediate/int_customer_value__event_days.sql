{{ config(materialized="table") }}

with

events as (

    select cast(occurred_at as date) as event_date
    from {{ ref("stg_customer_value__events") }}

),

event_days as (

    select
        ---------- numerics
        count(*) as event_count,

        ---------- dates
        event_date
    from events
    group by event_date

)

select * from event_days
