{# ln(1 + value), of a negative or missing value 0. #}
{% macro log_feature(column) -%}
    ln(1 + greatest(coalesce(cast({{ column }} as {{ type_double() }}), 0), 0))
{%- endmacro %}
