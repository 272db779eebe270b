{# Whether a value is a date or a moment by its column's type. #}
{% macro is_date(expression) %}
    {{- return(adapter.dispatch("is_date", "customer_value")(expression)) -}}
{% endmacro %}

{% macro default__is_date(expression) -%}
    (
        lower(typeof({{ expression }})) = 'date'
        or lower(typeof({{ expression }})) like 'timestamp%'
    )
{%- endmacro %}

{% macro snowflake__is_date(expression) -%}
    (
        typeof(to_variant({{ expression }})) = 'DATE'
        or typeof(to_variant({{ expression }})) like 'TIMESTAMP%'
    )
{%- endmacro %}

{% macro bigquery__is_date(expression) -%}
    regexp_contains(format('%T', {{ expression }}), '^(DATE|DATETIME|TIMESTAMP) ')
{%- endmacro %}
