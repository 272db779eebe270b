{# The input's column as SQL, out of its map; a null of text where it is not mapped. #}
{% macro input_column(columns, name) %}
    {%- if name in columns -%}
        {{- return(customer_value.quoted_name(columns[name])) -}}
    {%- endif -%}
    {{- return(customer_value.no_column()) -}}
{% endmacro %}


{# What stands for a column that is not mapped. Whatever reads it knows the answer, and need not be
   pages of SQL about a null. #}
{% macro no_column() %}
    {{- return("cast(null as " ~ dbt.type_string() ~ ")") -}}
{% endmacro %}
