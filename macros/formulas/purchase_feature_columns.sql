{# The features that are a matter of the customer's own days alone, from a snapshot with
   its trend. #}
{% macro purchase_feature_columns() -%}
    {% for column in [
        "recency_days",
        "customer_age_days",
        "order_count",
        "repeat_count",
        "net_revenue",
        "mean_repeat_value",
        "average_order_value",
        "mean_days_between_purchases",
        "recent_purchase_count",
        "recent_spend",
        "previous_purchase_count",
        "previous_spend",
    ] %}
        {{ log_feature(column) }} as {{ column }},
    {% endfor %}
    coalesce(days_between_purchases_cv, 0) as days_between_purchases_cv,
    {#- How long they have been away against how long they usually are. #}
    case
        when mean_days_between_purchases > 0
            then
                {{ log_feature("recency_days") }}
                - {{ log_feature("mean_days_between_purchases") }}
        else 0
    end as overdue_ratio
{%- endmacro %}
