{% macro log_odds_to_probability(expression) -%}
    1 / (1 + exp(-1 * greatest(least({{ expression }}, 700), -700)))
{%- endmacro %}
