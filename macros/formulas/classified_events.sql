{# Each of the `events`, rows of stg_events, with its first reason for being left out, as a query;
   beside a table `built` before, those of the days alone that are read again. They begin with the
   start_date of the CTE `starts`, where the statement around has one, or else by event_start. #}
{% macro classified_events(events, event_dates, built, has_starts=false) -%}
{%- set content = [
    "occurred_at", "customer_id", "event_name", "feature", "session_id"
] -%}
{%- set when_alike = [] -%}
{%- for column in content -%}
    {%- do when_alike.append("case when event_id is null then " ~ column ~ " end") -%}
{%- endfor %}
with

event_dates as (

    select as_of_date
    from {{ event_dates }}

),

{% if built -%}
    built as (

        select
            event_id,
            exclusion_reason,
            event_date
        from {{ built }}

    ),

    {% if not has_starts -%}
        starts as (

            {{ event_start(built, event_dates) }}

        ),
    {%- endif %}
{%- endif %}

events as (

    select
        customer_id,
        event_id,
        session_id,
        event_name,
        feature,
        cast(occurred_at as date) as event_date,
        occurred_at
    from {{ events }}

),

read_events as (

    select events.*
    from events
    {% if built -%}
        cross join starts
        where
            starts.start_date is null
            or events.event_date is null
            or events.event_date >= starts.start_date
    {%- endif %}

),

{% if built -%}
    -- An event of an earlier day has the right to its id.
    earlier_ids as (

        select distinct built.event_id
        from built
        cross join starts
        where
            built.exclusion_reason is null
            and built.event_date < starts.start_date
            and built.event_id in (
                select event_id
                from read_events
                where event_id is not null
            )

    ),
{%- endif %}

with_id as (

    select
        read_events.*,
        {% if built -%}
            earlier_ids.event_id is not null as is_known
        {%- else -%}
            false as is_known
        {%- endif %}
    from read_events
    {% if built -%}
        left join earlier_ids on read_events.event_id = earlier_ids.event_id
    {%- endif %}

),

with_reason as (

    select
        with_id.*,
        case
            when with_id.customer_id is null then 'missing_customer'
            when with_id.occurred_at is null then 'invalid_timestamp'
            when with_id.event_date > event_dates.as_of_date then 'future_dated'
        end as event_reason
    from with_id
    left join event_dates on with_id.event_date is not null

),

-- Of two events with one id the first counts; without ids equal events are one.
numbered as (

    select
        *,
        row_number() over (
            partition by
                event_reason,
                event_id,
                {{ when_alike | join(",\n                ") }}
            order by {{ content | join(", ") }}
        ) as copy_number
    from with_reason

),

events_classified as (

    select
        ---------- ids
        customer_id,
        event_id,
        session_id,

        ---------- strings
        event_name,
        feature,
        case
            when event_reason is null and (is_known or copy_number > 1)
                then 'duplicate_event'
            else event_reason
        end as exclusion_reason,

        ---------- dates
        event_date,
        -- What a run replaces as a whole; of events without a date there is one batch.
        coalesce(event_date, cast('1900-01-01' as date)) as batch_date,

        ---------- timestamps
        occurred_at
    from numbered

)

select * from events_classified
{%- endmacro %}
