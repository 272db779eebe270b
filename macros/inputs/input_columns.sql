{# The input's columns, name -> type; none where it does not exist (yet), and while parsing,
   when dbt notes that whoever asks for them depends on the table. #}
{% macro input_column_types(var_name, demo_model) %}
    {%- set reference = customer_value.input_reference(customer_value.input_value(var_name)) -%}
    {%- set types = {} -%}
    {%- if not execute -%}
        {%- do customer_value.input_relation(var_name, demo_model) -%}
        {{- return(types) -}}
    {%- endif -%}
    {%- if reference.kind == "file" -%}
        {%- set described = run_query(
            "describe select * from " ~ customer_value.input_file(reference)
        ) -%}
        {%- for row in described.rows -%}
            {%- do types.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {{- return(types) -}}
    {%- endif -%}
    {%- if reference.kind == "relation" -%}
        {%- set relation = customer_value.input_table(reference) -%}
    {%- else -%}
        {%- set relation = customer_value.input_relation(var_name, demo_model) -%}
    {%- endif -%}
    {%- set found = adapter.get_relation(
        relation.database, relation.schema, relation.identifier
    ) -%}
    {%- if found -%}
        {%- for column in adapter.get_columns_in_relation(found) -%}
            {%- do types.update({column.name: column.dtype}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(types) -}}
{% endmacro %}


{# The names of the input's columns. #}
{% macro input_columns(var_name, demo_model) %}
    {{- return(customer_value.input_column_types(var_name, demo_model) | list) -}}
{% endmacro %}
