{# A local timestamp, without a zone. #}
{% macro type_timestamp() %}
    {{- return(adapter.dispatch("type_timestamp", "customer_value")()) -}}
{% endmacro %}

{% macro default__type_timestamp() %}timestamp{% endmacro %}

{% macro bigquery__type_timestamp() %}datetime{% endmacro %}
