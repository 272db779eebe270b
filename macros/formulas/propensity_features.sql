{# The features that propensity models see, in the order of their columns: amounts, counts
   and days as ln(1 + value), the rest as it is. The cluster is not among them: centroids
   are those of today, so a past date would see its future. Those of renewals are of
   subscribers, the others of the customers of the shop. #}
{% macro propensity_features() %}
    {{- return([
        "recency_days", "customer_age_days", "order_count", "repeat_count", "net_revenue",
        "mean_repeat_value", "average_order_value", "mean_days_between_purchases",
        "days_between_purchases_cv", "overdue_ratio", "r_score", "f_score", "m_score",
        "recent_purchase_count", "recent_spend", "previous_purchase_count",
        "previous_spend", "model_log_odds",
    ] + (customer_value.renewal_features() if customer_value.is_on("subscriptions") else []))
    -}}
{% endmacro %}


{# The features of a renewal; the models of the other targets do not see them. #}
{% macro renewal_features() %}
    {{- return([
        "subscription_renewals_paid", "subscription_age_days", "subscription_cycle_days",
        "subscription_mrr", "subscription_mrr_change", "subscription_count",
        "subscription_late_payments", "subscription_plan_changes", "subscription_returns",
        "subscription_trials", "subscription_log_odds",
    ]) -}}
{% endmacro %}
