{# Part of validate_vars: stops where the database is a file of data. DuckDB opens it as a database
   in memory, so that a build would pass and leave nothing. #}
{% macro require_database() %}
    {%- set path = (target.path or "") | string if target.type == "duckdb" else "" -%}
    {%- if modules.re.search("(?i)[.](csv|tsv|txt|parquet|jsonl?|ndjson|xlsx?|gz|zst)$", path) -%}
        {{- exceptions.raise_compiler_error(
            "The database is " ~ path ~ ", which is a data file: name a database such as "
            ~ "shop.duckdb in CUSTOMER_VALUE_DB, and the file in the var transactions."
        ) -}}
    {%- endif -%}
{% endmacro %}
