{# The rows of the input of events under the standard names: typed, trimmed, nothing dropped. The CTEs
   up to `events`, for a statement that has rows of the input as the CTE `source`. #}
{% macro typed_events() -%}
{%- set columns = input_map("events") -%}
typed as (

    select
        {{ parse_customer_id(input_column(columns, "customer_id")) }} as customer_id,
        {{ parse_id(input_column(columns, "event_id")) }} as event_id,
        {{ parse_id(input_column(columns, "session_id")) }} as session_id,
        lower({{ text_id(input_column(columns, "event_name")) }}) as event_name,
        lower({{ text_id(input_column(columns, "feature")) }}) as feature,
        -- New events are found among the old ones by their text, which has to sort as
        -- its days do: it is ISO 8601, whatever the var date_format says.
        {{ parse_timestamp(
            input_column(columns, "occurred_at"), date_format=""
        ) }} as parsed_at
    from source

),

events as (

    select
        ---------- ids
        customer_id,
        event_id,
        session_id,

        ---------- strings
        event_name,
        feature,

        ---------- timestamps
        case
            when {{ is_known_moment("parsed_at", type_timestamp()) }}
                then parsed_at
        end as occurred_at
    from typed

)
{%- endmacro %}
