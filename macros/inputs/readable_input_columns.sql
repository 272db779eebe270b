{# The columns of the input that a var names, once it is sure that it can be read; stops
   with one sentence where it cannot. An input that another model builds (ref:) is looked
   at when staging reads it, the rest at the start: an empty list where it is not the time,
   and where the var is empty. #}
{% macro readable_input_columns(var_name, demo_model, is_staging) %}
    {%- set reference = customer_value.input_reference(customer_value.input_value(var_name)) -%}
    {%- if not execute or flags.WHICH not in ["build", "run"] -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- if reference.kind == "demo" or (reference.kind == "ref") != is_staging -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- set input = customer_value.input_value(var_name) -%}
    {%- if reference.kind == "file" -%}
        {%- if target.type != "duckdb" -%}
            {{- exceptions.raise_compiler_error(
                "The var " ~ var_name ~ " names the file " ~ input ~ ", and only DuckDB "
                ~ "reads files: on " ~ target.type ~ " name a table (schema.table)."
            ) -}}
        {%- endif -%}
        {%- set path = input | replace("'", "''") -%}
        {%- if run_query("select count(*) from glob('" ~ path ~ "')").columns[0][0] == 0 -%}
            {{- exceptions.raise_compiler_error(
                "The var " ~ var_name ~ " names the file " ~ input ~ ", and there is none: "
                ~ "give a path that exists, relative to the folder dbt is run in or absolute."
            ) -}}
        {%- endif -%}
    {%- endif -%}
    {%- set names = customer_value.input_columns(var_name, demo_model) -%}
    {%- if not names -%}
        {{- exceptions.raise_compiler_error(
            "The var " ~ var_name ~ " names " ~ input ~ ", and the warehouse has no such "
            ~ "table or view: give schema.table as it stands in the target, or ref:model."
        ) -}}
    {%- endif -%}
    {{- return(names) -}}
{% endmacro %}
