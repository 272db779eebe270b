{# The features that propensity models see, in the order of their columns: amounts, counts
   and days as ln(1 + value), the rest as it is. The cluster is not among them: centroids
   are those of today, so a past date would see its future. #}
{% macro propensity_features() %}
    {{- return([
        "recency_days", "customer_age_days", "order_count", "repeat_count", "net_revenue",
        "mean_repeat_value", "average_order_value", "mean_days_between_purchases",
        "days_between_purchases_cv", "overdue_ratio", "r_score", "f_score", "m_score",
        "recent_purchase_count", "recent_spend", "previous_purchase_count",
        "previous_spend", "model_log_odds",
    ]) -}}
{% endmacro %}
