{# An attribute with more values than this is not used as a grouping: the groups are too small. #}
{% macro most_attribute_values() %}
    {{- return(100) -}}
{% endmacro %}


{# The attributes that make groups, of rows with a customer's attribute and its value: one with very
   many values, such as an address, groups nobody. #}
{% macro grouping_attributes(attributes) -%}
    select attribute
    from {{ attributes }}
    group by attribute
    having
        count(distinct attribute_value) between 1
        and {{ customer_value.most_attribute_values() }}
{%- endmacro %}
