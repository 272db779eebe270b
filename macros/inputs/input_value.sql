{# The value of an input var. While the demo Complete Journey is built, an empty var stands for
   the model that reads that part of the demo, where there is one. #}
{% macro input_value(input) %}
    {%- set value = (var(input) or "") | trim -%}
    {%- set journey_model = customer_value.input_specifications()[input].journey_model -%}
    {%- if value == "" and journey_model and var("demo") == "complete_journey"
        and (var("transactions") or "") | trim == "" -%}
        {{- return("ref:" ~ journey_model) -}}
    {%- endif -%}
    {{- return(value) -}}
{% endmacro %}
