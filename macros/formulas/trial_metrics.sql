{# What a rule of the seed trial_rules may be about: the columns of int_trial_states, and those among
   them that are compared with the 75th percentile of all trials on the same day. #}
{% macro trial_metrics() %}
    {{- return([
        "trial_day", "active_days", "active_share", "core_actions", "feature_breadth",
        "days_since_last_active", "support_contacts",
    ]) -}}
{% endmacro %}


{# The same without the day itself, which is equal by construction. #}
{% macro compared_trial_metrics() %}
    {{- return(customer_value.trial_metrics() | reject("equalto", "trial_day") | list) -}}
{% endmacro %}
