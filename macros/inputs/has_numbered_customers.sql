{# Whether the input's ids of customers are whole numbers, as which they take a fraction of what
   texts do, up to where customers take the place of lines. #}
{% macro has_numbered_customers() %}
    {%- set reference = customer_value.input_reference(
        customer_value.input_value("transactions")
    ) -%}
    {%- set numbers = adapter.dispatch("whole_number_types", "customer_value")() -%}
    {%- if not execute or reference.kind == "demo" or not numbers -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set column = customer_value.transaction_column_map().get("customer_id", "") -%}
    {%- for name, type in customer_value.input_column_types(
        "transactions", "demo_customer_value__transactions"
    ).items() if name | lower == column | lower and type | lower in numbers -%}
        {{- return(true) -}}
    {%- endfor -%}
    {{- return(false) -}}
{% endmacro %}

{# Only where it was tried. #}
{% macro default__whole_number_types() %}{{- return([]) -}}{% endmacro %}

{% macro duckdb__whole_number_types() %}
    {{- return([
        "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"
    ]) -}}
{% endmacro %}
