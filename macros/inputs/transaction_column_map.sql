{# Standard name -> the input's column, for the columns that are there. #}
{% macro transaction_column_map() %}
    {%- set given = var("transaction_columns") or {} -%}
    {%- if given -%}
        {{- return(given) -}}
    {%- endif -%}
    {%- set reference = customer_value.input_reference(
        customer_value.input_value("transactions")
    ) -%}
    {%- if reference.kind == "demo" -%}
        {%- set names = ["customer_id", "transacted_at", "quantity", "amount"] -%}
    {%- else -%}
        {%- set names = customer_value.input_columns("transactions", "demo_customer_value__transactions") -%}
    {%- endif -%}
    {%- if not names -%}
        {%- set names = ["customer_id", "transacted_at", "amount"] -%}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name in names if name | lower in customer_value.standard_transaction_columns() -%}
        {%- do columns.update({name | lower: name}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}


{% macro standard_transaction_columns() %}
    {{- return([
        "customer_id", "transacted_at", "amount", "quantity", "unit_price", "order_id",
        "line_id", "status", "product_id", "is_return", "currency"
    ]) -}}
{% endmacro %}
