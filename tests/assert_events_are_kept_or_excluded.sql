{{ config(enabled=is_on("events")) }}
{% call where_built() %}
-- Every trial as it came is kept or excluded, and so is every event of the days that
-- each run reads; assert_no_event_comes_after_the_lookback sees to those before.
with

window_starts as (

    select
        {{ date_add_days("as_of_date", -1 * var("event_lookback_days")) }} as start_date
    from {{ ref("int_customer_value__event_dates") }}

),

came as (

    select
        'events' as input,
        count(*) as row_count
    from {{ ref("stg_customer_value__events") }} as events
    cross join window_starts
    where
        events.occurred_at is null
        or cast(events.occurred_at as date) >= window_starts.start_date
    union all
    select
        'trials' as input,
        count(*) as row_count
    from {{ ref("stg_customer_value__trials") }}

),

accounted as (

    select
        'events' as input,
        count(*) as row_count
    from {{ ref("int_customer_value__events_classified") }} as events
    cross join window_starts
    where events.event_date is null or events.event_date >= window_starts.start_date
    union all
    select
        'trials' as input,
        sum(row_count) as row_count
    from {{ ref("int_customer_value__event_rows") }}
    where input = 'trials'

)

select
    came.input,
    came.row_count,
    accounted.row_count as accounted_row_count,
    concat(
        'Of ', came.input, ' came ', {{ number_text("came.row_count", 0) }},
        ' rows, and the tables have ',
        {{ number_text("coalesce(accounted.row_count, 0)", 0) }},
        '. Where the input lost all events of a day, engines that overwrite partitions ',
        'keep the day: dbt build --full-refresh --select ',
        'int_customer_value__events_classified+ reads all events.'
    ) as sentence
from came
left join accounted on came.input = accounted.input
where came.row_count != coalesce(accounted.row_count, 0)
{% endcall %}
