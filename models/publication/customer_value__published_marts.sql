{#- dbt puts this model behind what it names, and behind all tests of that: so every
    public mart is named. One that is forgotten stops the build with a sentence, and
    fails a test. -#}
{%- set marts = [
    "acquisition_return",
    "activity_evaluation",
    "activity_reliability",
    "attribute_coverage",
    "budget_phases",
    "budget_scenarios",
    "calendar",
    "campaign_audience",
    "cluster_profile",
    "cluster_selection",
    "cohort_retention",
    "concentration",
    "customer_profitability",
    "customers",
    "excluded_contacts",
    "excluded_transactions",
    "experiment_assignments",
    "experiment_health",
    "experiment_power",
    "experiment_results",
    "forecast_intervals",
    "group_history",
    "intervention_return",
    "migration",
    "migration_stability",
    "model_calibration",
    "model_evaluation",
    "model_fits",
    "model_parameters",
    "model_tracking",
    "model_warnings",
    "monthly_kpis",
    "monthly_segment_revenue",
    "priority_matrix",
    "propensity_calibration",
    "propensity_evaluation",
    "propensity_fairness",
    "propensity_fits",
    "propensity_gains",
    "propensity_importance",
    "propensity_reasons",
    "segment_portfolio",
    "segment_profile",
    "segment_value_forecast",
    "survival_comparison",
    "survival_curves",
    "survival_summary",
    "value_tier_profile",
] -%}
{%- do require_named_marts(marts) -%}

with marts as (

    {% for mart in marts %}
        select
            '{{ mart }}' as table_name,
            '{{ ref("customer_value__" ~ mart) | string | replace("'", "''") }}'
                as relation_name
        {{ "union all" if not loop.last }}
    {% endfor %}

),

final as (

    select
        table_name,
        relation_name,
        '{{ publication_refusal(flags.WHICH) }}' as refusal
    from marts

)

select * from final
