{# Stops a command that is to run Python models where none can run: dbt 2 on DuckDB would fail
   inside itself, and other adapters at the first of them. #}
{% macro require_python() %}
    {%- if not execute or flags.WHICH not in ["build", "run"] -%}{{- return("") -}}{%- endif -%}
    {%- set is_dbt_2 = dbt_version.split(".")[0] == "2" -%}
    {%- set engines = ["duckdb", "spark", "databricks", "snowflake", "bigquery"] -%}
    {%- if target.type in engines and not (target.type == "duckdb" and is_dbt_2) -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.unique_id in selected_resources
        and node.package_name == "customer_value"
        and node.original_file_path[-3:] == ".py" -%}
        {%- do names.append(node.alias) -%}
    {%- endfor -%}
    {%- if not names -%}{{- return("") -}}{%- endif -%}
    {%- if target.type == "duckdb" -%}
        {{- exceptions.raise_compiler_error(
            "dbt " ~ dbt_version ~ " runs no Python models on DuckDB, and this command selects "
            ~ names | length ~ ", such as " ~ names | sort | first ~ ": build with "
            ~ "python -m runner, which fits them between the runs of dbt (docs/engines.md)."
        ) -}}
    {%- endif -%}
    {{- exceptions.raise_compiler_error(
        "The adapter " ~ target.type ~ " runs no Python models, and this command selects "
        ~ names | length ~ ", such as " ~ names | sort | first ~ ": docs/engines.md has the "
        ~ "engines that do."
    ) -}}
{% endmacro %}
