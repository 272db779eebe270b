{# Whether somebody is who a propensity is about: subscribers have renewals, customers of the shop
   have purchases and responses. #}
{% macro is_of_target(target, is_subscriber, is_customer) -%}
    {%- if customer_value.is_on("subscriptions") -%}
        case
            when {{ target }} = 'subscription_churn' then {{ is_subscriber }}
            else {{ is_customer }}
        end
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
