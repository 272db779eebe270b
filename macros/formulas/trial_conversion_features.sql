{# What a model of conversions sees of a trial: the columns of int_trial_snapshots, of which those of
   counts are ln(1 + count). #}
{% macro trial_conversion_features() %}
    {{- return([
        "logins", "core_actions", "features_used", "support_contacts", "other_events",
        "active_days", "days_since_last_active",
    ]) -}}
{% endmacro %}
