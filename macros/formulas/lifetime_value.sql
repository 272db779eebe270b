{# The discounted margin that a customer is expected to bring within horizon_days, for a row of
   int_forecasts. #}
{% macro lifetime_value() -%}
    discounted_purchases_365d * expected_purchase_value * margin_share
{%- endmacro %}


{# The rows of int_forecasts that are in use. #}
{% macro forecast_in_use() -%}
    {{ "corrected" if var("value_model") == "corrected" else var("purchase_model") }}
{%- endmacro %}


{# The values of the var value_model that need no learner. #}
{% macro value_models_without_learner() -%}
    {{- return(["corrected", "probabilistic"]) -}}
{%- endmacro %}
