{# The drivers of cost that the transactions hold. #}
{% macro cost_drivers() %}
    {{- return(["order_count", "line_count", "return_count", "customer_day_count"]) -}}
{% endmacro %}
