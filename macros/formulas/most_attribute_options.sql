{# A customer may choose so many options of a multi-select attribute. #}
{% macro most_attribute_options() %}
    {{- return(20) -}}
{% endmacro %}
