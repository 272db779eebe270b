with

starts as (

    {{ event_start(
        ref("int_customer_value__events_classified"),
        ref("int_customer_value__event_dates")
    ) }}

),

-- Where nothing was kept, any day is read again.
days_before as (

    select
        coalesce(
            {{ date_add_days("start_date", -1) }}, cast('1900-01-01' as date)
        ) as last_date
    from starts

),

source as (

    {{ rows_after(
        "events", "occurred_at", "days_before", "last_date", date_format=""
    ) }}

),

{{ typed_events() }}

select *
from events
where occurred_at is not null
