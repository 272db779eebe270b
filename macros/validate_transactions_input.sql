{# Stops with one sentence where the input cannot be read as mapped. An input that
   another model builds (ref:) is looked at when staging reads it, the rest at the start. #}
{% macro validate_transactions_input(is_staging=false) %}
    {%- set reference = customer_value.input_reference(var("transactions")) -%}
    {%- if not execute or flags.WHICH not in ["build", "run"] -%}
        {{- return("") -}}
    {%- endif -%}
    {%- if reference.kind == "demo" or (reference.kind == "ref") != is_staging -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set input = var("transactions") -%}
    {%- if reference.kind == "file" -%}
        {%- if target.type != "duckdb" -%}
            {{- exceptions.raise_compiler_error(
                "The var transactions names the file " ~ input ~ ", and only DuckDB reads "
                ~ "files: on " ~ target.type ~ " name a table (schema.table)."
            ) -}}
        {%- endif -%}
        {%- set path = input | replace("'", "''") -%}
        {%- if run_query("select count(*) from glob('" ~ path ~ "')").columns[0][0] == 0 -%}
            {{- exceptions.raise_compiler_error(
                "The var transactions names the file " ~ input ~ ", and there is none: "
                ~ "give a path that exists, relative to the folder dbt is run in or absolute."
            ) -}}
        {%- endif -%}
    {%- endif -%}
    {%- set names = customer_value.input_columns("transactions", "demo_transactions") -%}
    {%- if not names -%}
        {{- exceptions.raise_compiler_error(
            "The var transactions names " ~ input ~ ", and the warehouse has no such table "
            ~ "or view: give schema.table as it stands in the target, or ref:model."
        ) -}}
    {%- endif -%}
    {{- customer_value.require_transaction_columns(input, names) -}}
{% endmacro %}


{% macro require_transaction_columns(input, names) %}
    {%- set there = names | map("lower") | list -%}
    {%- set listing = names | join(", ") -%}
    {%- for standard, name in (var("transaction_columns") or {}).items() -%}
        {%- if name | lower not in there -%}
            {{- exceptions.raise_compiler_error(
                "transaction_columns maps " ~ standard ~ " to " ~ name ~ ", and " ~ input
                ~ " has no such column; its columns are: " ~ listing ~ "."
            ) -}}
        {%- endif -%}
    {%- endfor -%}
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
            ~ "it in the var transaction_columns; its columns are: " ~ listing ~ "."
        ) -}}
    {%- endif -%}
{% endmacro %}
