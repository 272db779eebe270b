{%- set replaces_partitions = target.type in ("spark", "databricks", "bigquery") -%}
{{ config(
    materialized="incremental",
    unique_key=none if replaces_partitions else "batch_date",
    incremental_strategy="insert_overwrite" if replaces_partitions else "delete+insert",
    partition_by={"field": "batch_date", "data_type": "date"}
    if target.type == "bigquery"
    else ("batch_date" if replaces_partitions else none),
    on_schema_change="fail",
    pre_hook="{{ customer_value.forget_erased() }}"
) }}

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
    from {{ ref("int_customer_value__event_dates") }}

),

{% if is_incremental() -%}
    built as (

        select
            event_id,
            exclusion_reason,
            event_date
        from {{ this }}

    ),

    -- The last days are read again, since events come late. Behind an as-of date that
    -- moved back, kept events become future ones.
    starts as (

        select
            {{ date_add_days(
                "least(max(built.event_date), max(event_dates.as_of_date))",
                -1 * var("event_lookback_days")
            ) }} as start_date
        from built
        cross join event_dates
        where built.exclusion_reason is null

    ),

    -- An event of an earlier day has the right to its id.
    earlier_ids as (

        select distinct built.event_id
        from built
        cross join starts
        where
            built.exclusion_reason is null
            and built.event_id is not null
            and built.event_date < starts.start_date

    ),
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
    from {{ ref("stg_customer_value__events") }}

),

read_events as (

    select
        events.*,
        {% if is_incremental() -%}
            earlier_ids.event_id is not null as is_known
        {%- else -%}
            false as is_known
        {%- endif %}
    from events
    {% if is_incremental() -%}
        cross join starts
        left join earlier_ids on events.event_id = earlier_ids.event_id
        where
            starts.start_date is null
            or events.event_date is null
            or events.event_date >= starts.start_date
    {%- endif %}

),

with_reason as (

    select
        read_events.*,
        case
            when read_events.customer_id is null then 'missing_customer'
            when read_events.occurred_at is null then 'invalid_timestamp'
            when read_events.event_date > event_dates.as_of_date then 'future_dated'
        end as event_reason
    from read_events
    left join event_dates on read_events.event_date is not null

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
