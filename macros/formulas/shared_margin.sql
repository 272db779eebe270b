{# The share of a value that is margin, of several customers together. Rounded, so that a share which is
   the same for all of them stays what it is. #}
{% macro shared_margin(margin, value) -%}
    round({{ margin }} / nullif({{ value }}, 0), 9)
{%- endmacro %}
