{# Attribute -> the input's column, customer_id among them; empty where no attributes are
   given, and before the input can be looked at. #}
{% macro customer_attribute_map() %}
    {%- set given = var("customer_attribute_columns") or {} -%}
    {%- set reference = customer_value.input_reference(
        customer_value.input_value("customer_attributes")
    ) -%}
    {%- if reference.kind == "demo" or not execute -%}
        {{- return({}) -}}
    {%- elif given -%}
        {{- return(given) -}}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name in customer_value.input_columns("customer_attributes", none) -%}
        {%- do columns.update({name | lower: name}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}
