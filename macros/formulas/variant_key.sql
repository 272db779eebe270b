{# A variant without case and blanks around it, since people write Control and control. #}
{% macro variant_key(expression) -%}
    lower(trim({{ expression }}))
{%- endmacro %}
