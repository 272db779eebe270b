{# Whether a value is a number by its column's type, and not a text that holds one. #}
{% macro is_number(expression) %}
    {{- return(adapter.dispatch("is_number", "customer_value")(expression)) -}}
{% endmacro %}

{% macro default__is_number(expression) -%}
    regexp_like(
        lower(typeof({{ expression }})), '^(u?(tiny|small|big|huge)?int.*|decimal.*|double|float)$'
    )
{%- endmacro %}

{% macro duckdb__is_number(expression) -%}
    regexp_matches(
        typeof({{ expression }}),
        '^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|DOUBLE|FLOAT)$'
    )
{%- endmacro %}

{% macro snowflake__is_number(expression) -%}
    typeof(to_variant({{ expression }})) in ('INTEGER', 'DECIMAL', 'DOUBLE')
{%- endmacro %}

{% macro bigquery__is_number(expression) -%}
    regexp_contains(format('%T', {{ expression }}), '^-?[0-9]')
{%- endmacro %}
