{# The value of an input var. While a demo other than CDNOW is built, an empty var stands for the
   model that brings that part of the demo, where there is one. #}
{% macro input_value(input) %}
    {%- set value = (var(input) or "") | trim -%}
    {%- set specification = customer_value.input_specifications()[input] -%}
    {%- set demo_model = {
        "complete_journey": specification.journey_model,
        "subscriptions": specification.simulated_model,
        "trials": specification.trial_model,
    }.get(var("demo")) -%}
    {%- if value == "" and demo_model and (var("transactions") or "") | trim == "" -%}
        {{- customer_value.require_capability_of_demo() -}}
        {{- return("ref:" ~ demo_model) -}}
    {%- endif -%}
    {{- return(value) -}}
{% endmacro %}
