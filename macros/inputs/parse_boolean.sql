{# True for true, t, yes, y and 1 in any case; null stays null, all else is false. #}
{% macro parse_boolean(expression) -%}
    lower({{ text_id(expression) }}) in ('true', 't', 'yes', 'y', '1', '1.0')
{%- endmacro %}
