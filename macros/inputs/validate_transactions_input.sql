{# Stops with one sentence where the transactions cannot be read as mapped. #}
{% macro validate_transactions_input(is_staging=false) %}
    {%- set names = customer_value.readable_input_columns(
        "transactions", "demo_customer_value__transactions", is_staging
    ) -%}
    {%- if names -%}
        {{- customer_value.require_transaction_columns(
            customer_value.input_value("transactions"), names
        ) -}}
    {%- endif -%}
{% endmacro %}


{% macro require_transaction_columns(input, names) %}
    {{- customer_value.require_mapped_columns("transaction_columns", input, names) -}}
    {%- set columns = customer_value.transaction_column_map() -%}
    {%- set missing = [] -%}
    {%- for name in ["customer_id", "transacted_at"] if name not in columns -%}
        {%- do missing.append(name) -%}
    {%- endfor -%}
    {%- if "amount" not in columns
        and not ("quantity" in columns and "unit_price" in columns) -%}
        {%- do missing.append("amount (or quantity and unit_price)") -%}
    {%- endif -%}
    {%- if missing -%}
        {{- exceptions.raise_compiler_error(
            input ~ " has no column for " ~ missing | join(" and ") ~ ": name "
            ~ "it in the var transaction_columns; its columns are: " ~ names | join(", ") ~ "."
        ) -}}
    {%- endif -%}
{% endmacro %}
