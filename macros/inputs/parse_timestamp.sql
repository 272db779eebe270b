{# A local timestamp from a date, timestamp or text; null where it cannot be read. Text is in
   `date_format` (by default the var's), or in ISO 8601 where that is empty. A time with a zone is
   converted to the var timezone. #}
{% macro parse_timestamp(expression, date_format=none) %}
    {{- return(adapter.dispatch("parse_timestamp", "customer_value")(
        expression,
        var("date_format") if date_format is none else date_format,
        var("timezone"),
    )) -}}
{% endmacro %}

{# Whether a text ends in a time with a zone. #}
{% macro has_zone(text) -%}
    {{ regexp_matches(text, "[0-9]:[0-9][0-9].*([Zz]|[+-][0-9][0-9](:?[0-9][0-9])?)$") }}
{%- endmacro %}

{% macro duckdb__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- if date_format and "%z" in date_format -%}
    timezone('{{ timezone }}', try_strptime({{ text }}, '{{ date_format }}'))
    {%- elif date_format -%}
    try_strptime({{ text }}, '{{ date_format }}')
    {%- else -%}
    case
        when typeof({{ expression }}) in (
            'DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'
        )
            then try_cast({{ expression }} as timestamp)
        when {{ customer_value.has_zone(text) }}
            then timezone('{{ timezone }}', try_cast({{ text }} as timestamptz))
        else try_cast({{ text }} as timestamp)
    end
    {%- endif -%}
{%- endmacro %}

{% macro snowflake__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- if date_format -%}
    {%- set pattern = customer_value.translate_date_format(date_format, {
        "Y": "YYYY", "y": "YY", "m": "MM", "d": "DD", "H": "HH24", "I": "HH12",
        "M": "MI", "S": "SS", "p": "AM", "b": "MON", "B": "MMMM", "f": "FF6",
        "z": "TZHTZM"
    }) %}
    try_to_timestamp_ntz({{ text }}, '{{ pattern }}')
    {%- else -%}
    case
        when {{ customer_value.has_zone(text) }}
            then cast(
                convert_timezone('{{ timezone }}', try_to_timestamp_tz({{ text }}))
                as timestamp_ntz
            )
        else try_to_timestamp_ntz({{ text }})
    end
    {%- endif -%}
{%- endmacro %}

{% macro spark__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- if date_format -%}
    {%- set pattern = customer_value.translate_date_format(date_format, {
        "Y": "yyyy", "y": "yy", "m": "MM", "d": "dd", "H": "HH", "I": "hh",
        "M": "mm", "S": "ss", "p": "a", "b": "MMM", "B": "MMMM", "f": "SSSSSS",
        "z": "Z"
    }) %}
    try_to_timestamp({{ text }}, '{{ pattern }}')
    {%- else -%}
    case
        when {{ customer_value.has_zone(text) }}
            then from_utc_timestamp(
                to_utc_timestamp(try_cast({{ text }} as timestamp), current_timezone()),
                '{{ timezone }}'
            )
        else try_cast({{ text }} as timestamp)
    end
    {%- endif -%}
{%- endmacro %}

{% macro bigquery__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- if date_format -%}
    safe.parse_datetime('{{ date_format }}', {{ text }})
    {%- else -%}
    case
        when {{ customer_value.has_zone(text) }}
            then datetime(safe_cast({{ text }} as timestamp), '{{ timezone }}')
        else safe_cast({{ text }} as datetime)
    end
    {%- endif -%}
{%- endmacro %}
