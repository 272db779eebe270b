{% macro parse_timestamp(expression, date_format=none) %}
    {{- return(adapter.dispatch("parse_timestamp", "customer_value")(
        expression,
        var("date_format") if date_format is none else date_format,
        var("timezone"),
    )) -}}
{% endmacro %}

{% macro _has_zone(text) -%}
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
        when {{ customer_value._has_zone(text) }}
            then timezone('{{ timezone }}', try_cast({{ text }} as timestamptz))
        else try_cast({{ text }} as timestamp)
    end
    {%- endif -%}
{%- endmacro %}

{% macro snowflake__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- if date_format -%}
    try_to_timestamp_ntz({{ text }}, '{{ translate_date_format(date_format) }}')
    {%- else -%}
    case
        when {{ customer_value._has_zone(text) }}
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
    try_to_timestamp({{ text }}, '{{ translate_date_format(date_format) }}')
    {%- else -%}
    case
        when {{ customer_value._has_zone(text) }}
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
        when {{ customer_value._has_zone(text) }}
            then datetime(safe_cast({{ text }} as timestamp), '{{ timezone }}')
        else safe_cast({{ text }} as datetime)
    end
    {%- endif -%}
{%- endmacro %}
