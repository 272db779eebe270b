{# The names of the input's columns. The list is empty where the input does not exist (yet), and
   while dbt parses the project: then the call only records that the caller depends on it. #}
{% macro input_columns(input) %}
    {%- set reference = customer_value.input_reference(customer_value.input_value(input)) -%}
    {%- if not execute -%}
        {%- do customer_value.input_relation(input) -%}
        {{- return([]) -}}
    {%- elif reference.kind == "file" -%}
        {{- return(run_query(
            "describe select * from " ~ customer_value.input_file(input, reference)
        ).columns[0].values() | list) -}}
    {%- elif reference.kind == "relation" -%}
        {%- set relation = customer_value.input_table(reference) -%}
    {%- else -%}
        {%- set relation = customer_value.input_relation(input) -%}
    {%- endif -%}
    {{- return(adapter.dispatch("relation_columns", "customer_value")(relation)) -}}
{% endmacro %}


{% macro default__relation_columns(relation) %}
    {%- set found = adapter.get_relation(
        relation.database, relation.schema, relation.identifier
    ) -%}
    {%- set names = [] -%}
    {%- for column in (adapter.get_columns_in_relation(found) if found else []) -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}

{# dbt pastes names into the queries of its own look-ups as they are. #}
{% macro duckdb__relation_columns(relation) %}
    {{- return(run_query(
        "select column_name from duckdb_columns() where lower(database_name) = lower("
        ~ customer_value.quoted_text(relation.database or target.database)
        ~ ") and lower(schema_name) = lower(" ~ customer_value.quoted_text(relation.schema)
        ~ ") and lower(table_name) = lower(" ~ customer_value.quoted_text(relation.identifier)
        ~ ") order by column_index"
    ).columns[0].values() | list) -}}
{% endmacro %}
