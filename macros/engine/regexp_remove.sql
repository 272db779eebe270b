{% macro regexp_remove(expression, pattern) %}
    {{- return(adapter.dispatch("regexp_remove", "customer_value")(expression, pattern)) -}}
{% endmacro %}

{% macro default__regexp_remove(expression, pattern) -%}
    regexp_replace({{ expression }}, {{ quoted_text(pattern) }}, '')
{%- endmacro %}

{% macro duckdb__regexp_remove(expression, pattern) -%}
    regexp_replace({{ expression }}, {{ quoted_text(pattern) }}, '', 'g')
{%- endmacro %}
