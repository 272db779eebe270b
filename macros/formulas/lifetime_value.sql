{# The discounted margin that a customer is expected to bring within horizon_days, for a row that
   carries probability_alive, expected_purchase_value and the discounted purchases of a customer
   who is active. #}
{% macro lifetime_value() -%}
    probability_alive
    * discounted_purchases_if_alive_365d
    * expected_purchase_value
    * {{ var("gross_margin") }}
{%- endmacro %}
