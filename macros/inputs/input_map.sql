{# Standard name -> the input's column, for the columns that the input has; other columns are
   included where its specification allows them. The map of an optional input is empty where the
   input is not given, and while dbt parses the project. #}
{% macro input_map(input) %}
    {%- set specification = customer_value.input_specifications()[input] -%}
    {%- set reference = customer_value.input_reference(customer_value.input_value(input)) -%}
    {%- if not specification.demo_model and (reference.kind == "demo" or not execute) -%}
        {{- return({}) -}}
    {%- elif var(specification.map) -%}
        {{- return(var(specification.map)) -}}
    {%- elif reference.kind == "demo" -%}
        {%- set names = specification.demo_columns -%}
    {%- else -%}
        {%- set names = customer_value.input_columns(input) -%}
    {%- endif -%}
    {%- if not names and specification.demo_model -%}
        {%- set names = ["customer_id", "transacted_at", "amount"] -%}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name in names
        if specification.other_columns or name | lower in specification.columns -%}
        {%- do columns.update({name | lower: name}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}
