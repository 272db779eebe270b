{# The columns of an input; stops with one sentence where it cannot be read. An input that another
   model builds (ref:) is read when staging runs, and every other one at the start of the command:
   the list is empty at the other time, and where the var is empty. #}
{% macro readable_input_columns(input, is_staging) %}
    {%- set value = customer_value.input_value(input) -%}
    {%- set reference = customer_value.input_reference(value) -%}
    {%- if not execute or flags.WHICH not in ["build", "run"] -%}
        {{- return([]) -}}
    {%- elif reference.kind == "demo" or (reference.kind == "ref") != is_staging -%}
        {{- return([]) -}}
    {%- elif reference.kind == "file" and target.type != "duckdb" -%}
        {{- exceptions.raise_compiler_error(
            "The var " ~ input ~ " names the file " ~ value ~ ", and only DuckDB "
            ~ "reads files: on " ~ target.type ~ " name a table (schema.table)."
        ) -}}
    {%- elif reference.kind == "file"
        and modules.re.search("(?i)[.](xlsx?|ods|json|jsonl|zip)$", value) -%}
        {{- exceptions.raise_compiler_error(
            "The var " ~ input ~ " names the file " ~ value ~ ", and only csv and parquet files "
            ~ "are read (csv also as gz or zst): save it as one of them."
        ) -}}
    {%- elif reference.kind == "file" and run_query(
        "select count(*) from glob(" ~ customer_value.quoted_text(value) ~ ")"
    ).columns[0][0] == 0 -%}
        {{- exceptions.raise_compiler_error(
            "The var " ~ input ~ " names the file " ~ value ~ ", which does not exist: "
            ~ "give a path that exists, relative to the folder dbt is run in or absolute."
        ) -}}
    {%- endif -%}
    {%- if reference.kind == "file" and reference.format == "csv" -%}
        {{- customer_value.require_csv_headers(input, reference) -}}
    {%- endif -%}
    {%- set names = customer_value.input_columns(input) -%}
    {%- if not names -%}
        {{- exceptions.raise_compiler_error(
            "The var " ~ input ~ " names " ~ value ~ ", and the warehouse has no such "
            ~ "table or view: name it as schema.table, as in the target, or as ref:model."
        ) -}}
    {%- endif -%}
    {{- return(names) -}}
{% endmacro %}
