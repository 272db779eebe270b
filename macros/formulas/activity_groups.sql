{% macro activity_groups() %}
    {{- return(["order", "return", "service", "account"]) -}}
{% endmacro %}
