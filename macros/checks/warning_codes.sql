{# The codes of model_warnings: the one list of them. The doc block warning_code says when each is
   given, and a test compares the two. #}
{% macro warning_codes() %}
    {{- return([
        "excluded_lines", "empty_input", "unread_values", "crowded_customer_id",
        "ids_in_two_cases", "unknown_overrides", "negative_amounts", "too_few_customers",
        "too_few_repeat_customers", "short_history",
        "left_truncated", "isolated_first_date", "isolated_as_of_date", "concentrated_value",
        "later_returns", "looks_like_subscriptions", "no_renewal_model", "plan_ended_at_once", "no_consent_input",
        "unknown_channels", "no_holdout", "frequency_spend_correlation", "not_converged",
        "value_model_not_estimated", "no_dropout_identified", "purchases_at_boundary",
        "spend_at_boundary", "baseline_beats_model", "holdout_bias", "group_bias",
        "probability_level", "pooled_groups",
    ]) -}}
{% endmacro %}
