{% macro regexp_matches(expression, pattern) %}
    {{- return(adapter.dispatch("regexp_matches", "customer_value")(expression, pattern)) -}}
{% endmacro %}

{% macro default__regexp_matches(expression, pattern) -%}
    regexp_like({{ expression }}, {{ quoted_text(pattern) }})
{%- endmacro %}

{% macro duckdb__regexp_matches(expression, pattern) -%}
    regexp_matches({{ expression }}, {{ quoted_text(pattern) }})
{%- endmacro %}

{# regexp_like matches the whole text only. #}
{% macro snowflake__regexp_matches(expression, pattern) -%}
    regexp_instr({{ expression }}, {{ quoted_text(pattern) }}) > 0
{%- endmacro %}

{% macro bigquery__regexp_matches(expression, pattern) -%}
    regexp_contains({{ expression }}, {{ quoted_text(pattern) }})
{%- endmacro %}
