{# The value of an input var; with the demo Complete Journey the model that reads the
   demo's part where the var is empty, as long as no transactions of one's own are named. #}
{% macro input_value(var_name) %}
    {%- set value = (var(var_name) or "") | trim -%}
    {%- if value == "" and customer_value.is_complete_journey()
        and var_name in ["transactions", "customer_attributes", "campaign_contacts"] -%}
        {{- return("ref:demo_customer_value__complete_journey_" ~ var_name) -}}
    {%- endif -%}
    {{- return(value) -}}
{% endmacro %}


{% macro is_complete_journey() %}
    {{- return(
        var("demo") == "complete_journey" and (var("transactions") or "") | trim == ""
    ) -}}
{% endmacro %}
