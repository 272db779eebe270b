{# Tables are written to the target schema where this is the root project, and to schemas of their
   own where another project has installed it. #}
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
