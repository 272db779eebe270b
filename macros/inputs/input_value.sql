{# The value of an input var. With the demo Complete Journey, as long as `transactions` is
   empty, an empty one is the model that reads that part of the demo, where there is one. #}
{% macro input_value(input) %}
    {%- set value = (var(input) or "") | trim -%}
    {%- set journey_model = customer_value.input_specifications()[input].journey_model -%}
    {%- if value == "" and journey_model and var("demo") == "complete_journey"
        and (var("transactions") or "") | trim == "" -%}
        {{- return("ref:" ~ journey_model) -}}
    {%- endif -%}
    {{- return(value) -}}
{% endmacro %}
