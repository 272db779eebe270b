{# The attributes among the mapped columns of the input customer_attributes; none in its long form,
   whose rows name them. #}
{% macro attribute_names(columns) %}
    {%- if customer_value.is_long_form(columns) -%}{{- return([]) -}}{%- endif -%}
    {{- return(columns | reject("in", ["customer_id", "answered_on"]) | list) -}}
{% endmacro %}


{# Whether the input customer_attributes has a row per answer. #}
{% macro is_long_form(columns) %}
    {{- return("attribute" in columns and "attribute_value" in columns) -}}
{% endmacro %}


{# Stops where the input has no attribute, or one of the two columns of the long form alone. #}
{% macro require_attributes(value, columns, map, listing) %}
    {%- if customer_value.is_long_form(columns) -%}
        {{- return("") -}}
    {%- elif "attribute" in columns or "attribute_value" in columns -%}
        {{- exceptions.raise_compiler_error(
            value ~ " has one of the columns attribute and attribute_value without the other: with "
            ~ "a row per answer map both in the var " ~ map ~ ", with a row per customer give the "
            ~ "column another name; " ~ listing
        ) -}}
    {%- elif not customer_value.attribute_names(columns) -%}
        {{- exceptions.raise_compiler_error(
            value ~ " has no attribute beside the customer; " ~ listing
        ) -}}
    {%- endif -%}
{% endmacro %}
