{% macro transaction_column_map() %}
    {{- return(customer_value.input_map("transactions")) -}}
{% endmacro %}
