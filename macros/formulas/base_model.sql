{# The purchase model whose dropout and rates the forecast in use is made of: the correction's base
   is the MBG/NBD, everything else forecasts with the model that the var purchase_model names. #}
{% macro base_model() -%}
    mbg_nbd
{%- endmacro %}


{# The purchase model behind `customers`. #}
{% macro model_in_use() -%}
    {{ customer_value.base_model() if var("value_model") == "corrected" else var("purchase_model") }}
{%- endmacro %}
