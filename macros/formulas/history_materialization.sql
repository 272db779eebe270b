{# Engines that replace rows by key keep what is stored; others compute all anew. #}
{% macro history_materialization() -%}
    {{- return(
        "incremental" if target.type in ["duckdb", "postgres", "redshift", "snowflake"]
        else "table"
    ) -}}
{%- endmacro %}
