{# The scale on which customers are compared: log(1 + value), returns beyond what was
   spent as zero. #}
{% macro cluster_feature(column) -%}
    ln(1 + cast(greatest({{ column }}, 0) as {{ type_double() }}))
{%- endmacro %}
