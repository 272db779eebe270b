{# Every model and seed is named <layer>_customer_value__<table>, so that no other project
   has one of that name; its table has the last part as its name. dbt calls this macro and
   generate_schema_name for the nodes of this package only. #}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%}
        {{ custom_alias_name | trim }}
    {%- else -%}
        {{ node.name | replace("customer_value__", "") }}
    {%- endif -%}
{%- endmacro %}
