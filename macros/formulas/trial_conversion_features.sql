{# What a model of conversions sees of a trial: columns of int_trial_snapshots, each as ln(1 + value). #}
{% macro trial_conversion_features() %}
    {{- return([
        "logins", "core_actions", "features_used", "support_contacts", "other_events",
        "active_days", "days_since_last_active",
    ]) -}}
{% endmacro %}
