{# The one definition of an order and of a purchase day, for a group of lines: what they
   net is positive, or all that happened was free of charge. #}
{% macro nets_above_zero_or_free(amount, is_all_free) -%}
    ({{ amount }} > 0 or {{ is_all_free }} = 1)
{%- endmacro %}
