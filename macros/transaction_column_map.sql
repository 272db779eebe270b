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


{# The input's column as SQL, or a null of text where it is not mapped. #}
{% macro transaction_column(columns, name) %}
    {%- if name in columns -%}
        {{- return(adapter.dispatch("quoted_name", "customer_value")(columns[name])) -}}
    {%- endif -%}
    {{- return("cast(null as " ~ dbt.type_string() ~ ")") -}}
{% endmacro %}

{# Where quoting a name makes its case count, quote only what needs it. #}
{% macro default__quoted_name(name) %}
    {%- if modules.re.match("^[A-Za-z_][A-Za-z0-9_]*$", name) -%}
        {{- return(name) -}}
    {%- endif -%}
    {{- return(adapter.quote(name)) -}}
{% endmacro %}

{% macro duckdb__quoted_name(name) %}
    {{- return(adapter.quote(name)) -}}
{% endmacro %}
