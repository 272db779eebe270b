{# The names of the input's columns. The list is empty where the input does not exist (yet), and
   while dbt parses the project: then the call only records that the caller depends on it. #}
{% macro input_columns(input) %}
    {%- set reference = customer_value.input_reference(customer_value.input_value(input)) -%}
    {%- if not execute -%}
        {%- do customer_value.input_relation(input) -%}
        {{- return([]) -}}
    {%- elif reference.kind == "file" -%}
        {{- return(run_query(
            "describe select * from " ~ customer_value.input_file(reference)
        ).columns[0].values() | list) -}}
    {%- elif reference.kind == "relation" -%}
        {%- set relation = customer_value.input_table(reference) -%}
    {%- else -%}
        {%- set relation = customer_value.input_relation(input) -%}
    {%- endif -%}
    {%- set found = adapter.get_relation(
        relation.database, relation.schema, relation.identifier
    ) -%}
    {%- set names = [] -%}
    {%- for column in (adapter.get_columns_in_relation(found) if found else []) -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}
