{% macro text_id(expression) %}
    {{- return(adapter.dispatch("text_id", "customer_value")(expression)) -}}
{% endmacro %}

{% macro default__text_id(expression) -%}
    nullif(trim(cast({{ expression }} as {{ dbt.type_string() }})), '')
{%- endmacro %}

{# An id that a data frame has turned into a float is 17850.0; DuckDB decides the
   branch by the column's type when it plans the query, so the rows pay nothing. #}
{% macro duckdb__text_id(expression) -%}
    case
        when typeof({{ expression }}) in ('DOUBLE', 'FLOAT')
            then regexp_replace(cast({{ expression }} as varchar), '[.]0$', '')
        else nullif(trim(cast({{ expression }} as varchar)), '')
    end
{%- endmacro %}


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
