{# A sum that does not depend on the order of the rows, as a sum of doubles does: the
   terms become decimals, of twelve digits after the point, first. #}
{% macro exact_sum(expression) -%}
    cast(
        sum(cast({{ expression }} as {{ type_decimal(38, 12) }})) as {{ type_double() }}
    )
{%- endmacro %}
