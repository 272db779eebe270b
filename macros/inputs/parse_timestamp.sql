{# A local timestamp from a date, timestamp or text; null where it cannot be read. Text is in
   `date_format` (by default the var's), or in ISO 8601 where that is empty. A time with a zone is
   converted to the var timezone. A column of dates or moments is read as it is. #}
{% macro parse_timestamp(expression, date_format=none) %}
    {{- return(adapter.dispatch("parse_timestamp", "customer_value")(
        expression,
        var("date_format") if date_format is none else date_format,
        customer_value.quoted_text(var("timezone")),
    )) -}}
{% endmacro %}


{# The same of the inputs beside the transactions, which other systems write: text in the var's
   `date_format`, or what that does not read in ISO 8601. #}
{% macro parse_moment(expression) -%}
    {%- if var("date_format") -%}
    coalesce(
        {{ customer_value.parse_timestamp(expression) }},
        {{ customer_value.parse_timestamp(expression, date_format="") }}
    )
    {%- else -%}
    {{ customer_value.parse_timestamp(expression) }}
    {%- endif -%}
{%- endmacro %}


{# The words for numbers that stand for moments, with their number of seconds. Those of epochs are
   counted from 1970 in UTC, those of spreadsheets are days from 1899-12-30, local. #}
{% macro date_words() %}
    {{- return({
        "epoch_seconds": 1, "epoch_milliseconds": 0.001, "spreadsheet_serial": 86400
    }) -}}
{% endmacro %}


{# ISO 8601 in one spelling: extended, with a blank before the time, seconds, a decimal point, and
   the zone as an offset right behind the time or as a name behind a blank. #}
{% macro iso_text(text) -%}
    {%- set zone = "( ?[A-Za-z+-].*)?$" -%}
    {%- set steps = [
        ["^([0-9]{4})([0-9]{2})([0-9]{2})([T ]|$)", "~1~-~2~-~3~~4~"],
        ["^(.{10})[T ]([0-9]{2})([0-9]{2})([0-9]{2})([.,][0-9]+)?" ~ zone, "~1~ ~2~:~3~:~4~~5~~6~"],
        ["^(.{10})[T ]([0-9]{2}):?([0-9]{2})" ~ zone, "~1~ ~2~:~3~:00~4~"],
        ["^(.{10})[T ]([0-9]{2})" ~ zone, "~1~ ~2~:00:00~3~"],
        ["([0-9]{2}:[0-9]{2}:[0-9]{2}),([0-9])", "~1~.~2~"],
        ["([0-9][Zz]|[+-][0-9:]+)\\[[^\\]]*\\]$", "~1~"],
        ["(:[0-9.]+) ?[Zz]$", "~1~+00"],
        ["(:[0-9.]+) ([+-][0-9]{2}(:?[0-9]{2})?)$", "~1~~2~"],
    ] -%}
    {%- set result = namespace(text=text) -%}
    {%- for pattern, replacement in steps -%}
        {%- set result.text = regexp_rewrite(result.text, pattern, replacement) -%}
    {%- endfor -%}
    {{ result.text }}
{%- endmacro %}


{# Whether such a text has a zone: an offset, or a name that means one zone only. Abbreviations
   that several countries use, such as BST, are none. #}
{% macro has_zone(text) -%}
    {{ regexp_matches(
        text,
        ":[0-9.]+([+-][0-9]{2}(:?[0-9]{2})?| (UTC|GMT|UCT|Zulu|EST|MST|HST|CET|EET|MET|WET|EST5EDT"
        ~ "|CST6CDT|MST7MDT|PST8PDT|[A-Za-z]+/[A-Za-z_/+0-9-]+))$"
    ) }}
{%- endmacro %}


{% macro duckdb__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- set seconds = date_words().get(date_format) -%}
    case
        when typeof({{ expression }}) = 'TIMESTAMP WITH TIME ZONE'
            then timezone({{ timezone }}, try_cast({{ expression }} as timestamptz))
        when {{ is_date(expression) }} then try_cast({{ expression }} as timestamp)
        {% if seconds -%}
            when abs({{ try_cast(text, "double") }}) * {{ seconds }} < 1e11
                then
                    {% if date_format == "spreadsheet_serial" -%}
                        timestamp '1899-12-30' + to_seconds(
                            cast(round({{ try_cast(text, "double") }} * 86400) as bigint)
                        )
                    {%- else -%}
                        timezone(
                            {{ timezone }},
                            to_timestamp({{ try_cast(text, "double") }} * {{ seconds }})
                        )
                    {%- endif %}
        {%- elif date_format and modules.re.search("%[zZ]", date_format) -%}
            else timezone(
                {{ timezone }}, try_strptime({{ text }}, {{ quoted_text(date_format) }})
            )
        {%- elif date_format -%}
            else try_strptime({{ text }}, {{ quoted_text(date_format) }})
        {%- else -%}
            {#- Most logs write one of these, which their form gives away; the rest takes longer. -#}
            {%- set written = "cast(" ~ expression ~ " as varchar)" -%}
            {%- set day, time = "^[0-9]{4}-[0-9]{2}-[0-9]{2}", "[ T][0-9]{2}:[0-9]{2}" -%}
            {%- set iso = iso_text(text) %}
            else coalesce(
                case
                    when {{ written }} like '____-__-__T__:__:__Z'
                        then timezone({{ timezone }}, try_cast({{ written }} as timestamptz))
                    when
                        {{ written }} not like '%Z'
                        and {{ written }} not like '%z'
                        and (
                            {{ written }} like '____-__-__ __:__:__'
                            or {{ written }} like '____-__-__'
                            or {{ written }} like '____-__-__T__:__:__'
                        )
                        then try_cast({{ written }} as timestamp)
                end,
                case
                    when {{ regexp_matches(text, day ~ "(" ~ time ~ "(:[0-9.]+)?)?$") }}
                        then try_cast({{ text }} as timestamp)
                    when {{ regexp_matches(
                        text, day ~ time ~ ":[0-9.]+(Z|[+-][0-9]{2}:?[0-9]{2})$"
                    ) }}
                        then timezone({{ timezone }}, try_cast({{ text }} as timestamptz))
                    when {{ has_zone(iso) }}
                        then timezone({{ timezone }}, try_cast({{ iso }} as timestamptz))
                    when not {{ regexp_matches(iso, "[A-Za-z]$|:[0-9.]+ ?[+-]") }}
                        then try_cast({{ iso }} as timestamp)
                end
            )
        {%- endif %}
    end
{%- endmacro %}

{% macro snowflake__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- set seconds = date_words().get(date_format) -%}
    {%- set pattern = customer_value.translate_date_format(date_format, {
        "Y": "YYYY", "y": "YY", "m": "MM", "d": "DD", "H": "HH24", "I": "HH12",
        "M": "MI", "S": "SS", "p": "AM", "b": "MON", "B": "MMMM", "f": "FF6",
        "z": "TZHTZM"
    }) -%}
    {%- set iso = iso_text(text) %}
    case
        {% if date_format -%}
            when not {{ is_date(expression) }}
                then
                {% if date_format == "spreadsheet_serial" -%}
                    timestampadd(
                        second,
                        round(try_to_double({{ text }}) * 86400),
                        to_timestamp_ntz('1899-12-30')
                    )
                {%- elif seconds -%}
                    cast(
                        convert_timezone(
                            {{ timezone }},
                            to_timestamp_tz(
                                cast(try_to_double({{ text }}) * {{ seconds }} as bigint)
                            )
                        ) as timestamp_ntz
                    )
                {%- elif "%z" in date_format -%}
                    cast(
                        convert_timezone(
                            {{ timezone }},
                            try_to_timestamp_tz({{ text }}, {{ quoted_text(pattern) }})
                        ) as timestamp_ntz
                    )
                {%- else -%}
                    try_to_timestamp_ntz({{ text }}, {{ quoted_text(pattern) }})
                {%- endif %}
        {% endif -%}
        when {{ has_zone(iso) }}
            then cast(
                convert_timezone({{ timezone }}, try_to_timestamp_tz({{ iso }}))
                as timestamp_ntz
            )
        else try_to_timestamp_ntz({{ iso }})
    end
{%- endmacro %}

{% macro spark__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- set seconds = date_words().get(date_format) -%}
    {%- set pattern = customer_value.translate_date_format(date_format, {
        "Y": "yyyy", "y": "yy", "m": "MM", "d": "dd", "H": "HH", "I": "hh",
        "M": "mm", "S": "ss", "p": "a", "b": "MMM", "B": "MMMM", "f": "SSSSSS",
        "z": "Z", "Z": "VV"
    }) -%}
    {%- set iso = iso_text(text) -%}
    {%- set moment = "try_cast(" ~ iso ~ " as timestamp)" -%}
    {%- set given = moment -%}
    {%- if seconds -%}
        {%- set given = "timestamp_micros(cast(try_cast(" ~ text ~ " as double) * 1000000 * "
            ~ seconds ~ " as bigint))" -%}
    {%- elif date_format -%}
        {%- set given = "try_to_timestamp(" ~ text ~ ", " ~ quoted_text(pattern) ~ ")" -%}
    {%- endif %}
    case
        {% if date_format == "spreadsheet_serial" -%}
            when not {{ is_date(expression) }}
                then
                    timestamp '1899-12-30'
                    + make_dt_interval(0, 0, 0, round(try_cast({{ text }} as double) * 86400))
        {%- elif seconds or (date_format and modules.re.search("%[zZ]", date_format)) -%}
            when not {{ is_date(expression) }}
                then from_utc_timestamp(
                    to_utc_timestamp({{ given }}, current_timezone()), {{ timezone }}
                )
        {%- elif date_format -%}
            when not {{ is_date(expression) }} then {{ given }}
        {%- endif %}
        when {{ has_zone(iso) }}
            then from_utc_timestamp(
                to_utc_timestamp({{ moment }}, current_timezone()),
                {{ timezone }}
            )
        else {{ moment }}
    end
{%- endmacro %}

{% macro bigquery__parse_timestamp(expression, date_format, timezone) -%}
    {%- set text = text_id(expression) -%}
    {%- set seconds = date_words().get(date_format) -%}
    {%- set iso = iso_text(text) %}
    case
        {% if date_format -%}
            when not {{ is_date(expression) }}
                then
                {% if date_format == "spreadsheet_serial" -%}
                    datetime_add(
                        datetime '1899-12-30',
                        interval cast(round(safe_cast({{ text }} as float64) * 86400) as int64)
                        second
                    )
                {%- elif seconds -%}
                    datetime(
                        timestamp_millis(
                            cast(
                                safe_cast({{ text }} as float64) * 1000 * {{ seconds }} as int64
                            )
                        ),
                        {{ timezone }}
                    )
                {%- elif modules.re.search("%[zZ]", date_format) -%}
                    datetime(
                        safe.parse_timestamp({{ quoted_text(date_format) }}, {{ text }}),
                        {{ timezone }}
                    )
                {%- else -%}
                    safe.parse_datetime({{ quoted_text(date_format) }}, {{ text }})
                {%- endif %}
        {% endif -%}
        when {{ has_zone(iso) }}
            then datetime(safe_cast({{ iso }} as timestamp), {{ timezone }})
        else safe_cast({{ iso }} as datetime)
    end
{%- endmacro %}
