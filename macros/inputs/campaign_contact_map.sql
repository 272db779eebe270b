{# Standard name -> the input's column, for the columns that are there; empty where no
   contacts are given, and before the input can be looked at. #}
{% macro campaign_contact_map() %}
    {%- set given = var("campaign_contact_columns") or {} -%}
    {%- set reference = customer_value.input_reference(
        customer_value.input_value("campaign_contacts")
    ) -%}
    {%- if reference.kind == "demo" or not execute -%}
        {{- return({}) -}}
    {%- elif given -%}
        {{- return(given) -}}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name in customer_value.input_columns("campaign_contacts", none)
        if name | lower in customer_value.standard_contact_columns() -%}
        {%- do columns.update({name | lower: name}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}


{% macro standard_contact_columns() %}
    {{- return([
        "customer_id", "campaign_id", "contacted_at", "variant", "responded",
        "response_value", "cost", "exposed"
    ]) -}}
{% endmacro %}
