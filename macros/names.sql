{# Every model and seed is named <layer>_customer_value__<table>, so that no other project
   has one of that name; its table is called what follows. dbt asks these two macros about
   the nodes of this package alone. #}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%}
        {{ custom_alias_name | trim }}
    {%- else -%}
        {{ node.name | replace("customer_value__", "") }}
    {%- endif -%}
{%- endmacro %}


{# In the target schema where this is the root project; beside the tables of the project that
   installed it, in schemas of its own, where it is a guest. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set base = target.schema -%}
    {%- if project_name != "customer_value" -%}
        {%- set base = base ~ "_customer_value" -%}
    {%- endif -%}
    {%- if custom_schema_name is none -%}
        {{ base }}
    {%- else -%}
        {{ base }}_{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
