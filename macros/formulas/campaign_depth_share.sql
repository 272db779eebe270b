{# The share of so many customers whom campaign_budget reaches at contact_cost, at most 1. #}
{% macro campaign_depth_share(customer_count) -%}
    least(
        {{ var("campaign_budget") / var("contact_cost") }}
        / nullif({{ customer_count }}, 0),
        1.0
    )
{%- endmacro %}
