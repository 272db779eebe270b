{# The tier of a value band, for a row that carries value_band, customers_worth_more and
   customer_count. Equal values share the better tier; customers who are expected to bring
   nothing are Low, however few are expected to bring something. #}
{% macro value_tier() -%}
    case
        when value_band = {{ value_band("0") }} then 'Low'
        when customers_worth_more < {{ var("vip_share") }} * customer_count then 'VIP'
        when customers_worth_more < {{ var("high_share") }} * customer_count then 'High'
        when customers_worth_more < {{ var("medium_share") }} * customer_count
            then 'Medium'
        else 'Low'
    end
{%- endmacro %}
