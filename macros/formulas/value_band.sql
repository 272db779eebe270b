{# The place of a value on a scale of twenty thousand steps per factor of e: two values in one
   band differ by at most a twenty-thousandth. The bands are few, however many the customers. #}
{% macro value_band(value) -%}
    cast(floor(20000 * ln(greatest({{ value }}, 1e-9))) as bigint)
{%- endmacro %}
