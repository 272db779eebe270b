{# true, t, yes, y and 1, in upper or lower case, are true; null stays null, and every other
   text is false. #}
{% macro parse_boolean(expression) -%}
    lower({{ text_id(expression) }}) in ('true', 't', 'yes', 'y', '1', '1.0')
{%- endmacro %}
