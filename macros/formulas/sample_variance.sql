{# The sample variance from sums: (sum of squares - sum^2 / count) / (count - 1), never below
   zero, which rounding could make it; null with fewer than two values. #}
{% macro sample_variance(value_count, value_sum, square_sum) -%}
    greatest(
        {{ square_sum }} - {{ value_sum }} * {{ value_sum }} / {{ value_count }}, 0
    ) / nullif({{ value_count }} - 1, 0)
{%- endmacro %}
