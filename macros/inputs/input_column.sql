{# The input's column as SQL, out of its map; a null of text where it is not mapped. #}
{% macro input_column(columns, name) %}
    {%- if name in columns -%}
        {{- return(customer_value.quoted_name(columns[name])) -}}
    {%- endif -%}
    {{- return("cast(null as " ~ dbt.type_string() ~ ")") -}}
{% endmacro %}
