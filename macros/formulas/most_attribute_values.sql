{# An attribute with more values than this is no grouping: its curves would tell nothing. #}
{% macro most_attribute_values() %}
    {{- return(100) -}}
{% endmacro %}
