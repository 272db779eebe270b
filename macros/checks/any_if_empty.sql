{# A cell of a seed that narrows a rule: empty and * both stand for any. #}
{% macro any_if_empty(column) -%}
    coalesce(nullif(trim({{ column }}), ''), '*')
{%- endmacro %}
