{# The one definition of an order and of a purchase day, for an aggregate over lines:
   what they net is positive, or all that happened was free of charge. #}
{% macro nets_above_zero_or_free(amount, free_line_count, line_count) -%}
    (
        sum({{ amount }}) > 0
        or sum({{ free_line_count }}) = sum({{ line_count }})
    )
{%- endmacro %}
