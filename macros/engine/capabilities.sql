{# What the project can do beside its core, and what each of that needs: a capability is a folder
   of models/ with its name, built where the var `modules` lists it. #}
{% macro capabilities() %}
    {{- return({
        "history": {"needs": []},
        "validation": {"needs": []},
        "decisions": {"needs": ["history"]},
        "propensity": {"needs": []},
        "experiments": {"needs": []},
        "subscriptions": {"needs": []},
        "audiences": {"needs": ["history"]},
        "portraits": {"needs": []},
        "events": {"needs": []},
    }) -}}
{% endmacro %}


{# Whether a capability is built, as it and all that it needs are listed; one that inputs switch on
   is built where one of them is named besides. Model properties cannot call a macro and write the
   same test out: enabled: "{{ '<name>' in var('modules') | string }}". #}
{% macro is_on(capability) %}
    {%- set needed = customer_value.capabilities()[capability].needs + [capability] -%}
    {%- for name in needed if name not in var("modules") | string -%}
        {{- return(false) -}}
    {%- endfor -%}
    {%- set inputs = customer_value.switching_inputs(capability) -%}
    {%- for input in inputs if customer_value.input_value(input) -%}
        {{- return(true) -}}
    {%- endfor -%}
    {{- return(inputs | length == 0) -}}
{% endmacro %}


{# The inputs that switch a capability on: one of them has to be named. #}
{% macro switching_inputs(capability) %}
    {%- set names = [] -%}
    {%- for input, specification in customer_value.input_specifications().items()
        if specification.switches_on == capability -%}
        {%- do names.append(input) -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}


{# The var `modules` as text; empty where it is no list, which validate_vars refuses. #}
{% macro modules_in_words() %}
    {%- set given = var("modules") -%}
    {{- return((given if given is iterable else []) | sort | join(", ")) -}}
{% endmacro %}


{# Whether anything looks at customers as of a past date; the core alone does not. #}
{% macro looks_back() %}
    {{- return((var("modules") or []) | length > 0) -}}
{% endmacro %}


{# The public tables by capability, `inputs` being those about an optional input, which are built
   with any capability: the one list of them. The publication copies those that are
   built; the README and the documentation's front page are tested against it. #}
{% macro public_marts() %}
    {{- return({
        "core": [
            "cluster_profile", "cluster_selection", "customers", "excluded_rows",
            "model_fits", "model_parameters", "model_warnings", "segment_profile",
            "value_tier_profile",
        ],
        "inputs": ["attribute_coverage"],
        "history": [
            "calendar", "cohort_retention", "cohort_revenue", "group_history", "migration",
            "migration_stability", "monthly_kpis", "monthly_segment_revenue",
            "survival_comparison", "survival_curves", "survival_summary",
        ],
        "validation": [
            "forecast_intervals", "group_calibration", "level_history", "model_calibration",
            "model_evaluation",
            "model_tracking", "rolling_evaluation", "probability_calibration", "probability_evaluation",
        ],
        "decisions": [
            "acquisition_return", "budget_phases", "budget_scenarios", "budget_summary",
            "concentration",
            "customer_profitability", "intervention_return", "new_customer_value",
            "priority_matrix",
            "segment_portfolio", "segment_value_forecast",
        ],
        "propensity": [
            "campaign_audience", "customer_propensities", "propensity_fairness", "propensity_fits",
            "propensity_gains", "propensity_importance", "propensity_reasons",
            "response_contacts",
        ],
        "experiments": [
            "campaign_results", "experiment_assignments", "experiment_health", "experiment_power",
            "experiment_results",
        ],
        "subscriptions": [
            "recurring_revenue_months", "recurring_revenue_movements", "revenue_retention",
            "subscribers", "subscription_evaluation", "subscription_fits",
            "subscription_survival",
        ],
        "audiences": [
            "audience_changes", "audience_members", "audience_summary", "customer_traits",
            "segment_changes", "segment_stability",
        ],
        "portraits": [
            "action_fairness", "attribute_proxies", "cluster_rules", "cluster_stability",
            "cluster_tree", "segment_attribute_profile", "segment_attribute_tests", "segment_portrait",
        ],
        "events": [
            "live_customers", "live_trial_segments", "rule_performance", "trial_conversion_evaluation",
            "trial_conversion_propensities", "trial_segment_changes", "trial_segments",
        ],
    }) -}}
{% endmacro %}


{# The public tables that are built with the var `modules` as it is. #}
{% macro built_marts() %}
    {%- set names = [] -%}
    {%- for folder, marts in customer_value.public_marts().items() -%}
        {%- if folder == "core"
            or (folder == "inputs" and customer_value.looks_back())
            or (folder in customer_value.capabilities() and customer_value.is_on(folder)) -%}
            {%- do names.extend(marts) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(names | sort) -}}
{% endmacro %}
