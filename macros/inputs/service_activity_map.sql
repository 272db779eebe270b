{% macro standard_service_activity_columns() %}
    {{- return(["customer_id", "activity", "performed_at", "quantity"]) -}}
{% endmacro %}


{# Standard name -> the input's column; empty where no activities are given, and before the
   input can be looked at. #}
{% macro service_activity_map() %}
    {%- set given = var("service_activity_columns") or {} -%}
    {%- set reference = customer_value.input_reference(var("service_activities")) -%}
    {%- if reference.kind == "demo" or not execute -%}
        {{- return({}) -}}
    {%- elif given -%}
        {{- return(given) -}}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name in customer_value.input_columns("service_activities", none)
        if name | lower in customer_value.standard_service_activity_columns() -%}
        {%- do columns.update({name | lower: name}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}
