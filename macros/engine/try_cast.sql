{% macro try_cast(expression, type) %}
    {{- return(adapter.dispatch("try_cast", "customer_value")(expression, type)) -}}
{% endmacro %}

{% macro default__try_cast(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}

{% macro bigquery__try_cast(expression, type) -%}
    safe_cast({{ expression }} as {{ type }})
{%- endmacro %}

{# Snowflake's try_cast takes text only. #}
{% macro snowflake__try_cast(expression, type) -%}
    try_cast(cast({{ expression }} as varchar) as {{ type }})
{%- endmacro %}
