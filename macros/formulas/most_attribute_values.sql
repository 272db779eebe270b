{# An attribute with more values than this that are no numbers is not used as a grouping: the groups
   are too small. #}
{% macro most_attribute_values() %}
    {{- return(100) -}}
{% endmacro %}
