{#- dbt puts this model behind what it names, and behind all tests of that: so every public mart
    is named. One that is forgotten stops the build with a sentence, and fails a test. -#}
{%- set named = [
    ref("activity_evaluation"),
    ref("activity_reliability"),
    ref("attribute_coverage"),
    ref("calendar"),
    ref("cluster_migration"),
    ref("cluster_profile"),
    ref("cluster_selection"),
    ref("cohort_retention"),
    ref("customers"),
    ref("excluded_transactions"),
    ref("forecast_intervals"),
    ref("lapse_threshold"),
    ref("migration_stability"),
    ref("model_calibration"),
    ref("model_evaluation"),
    ref("model_fits"),
    ref("model_parameters"),
    ref("model_tracking"),
    ref("model_warnings"),
    ref("monthly_kpis"),
    ref("monthly_segment_revenue"),
    ref("segment_history"),
    ref("segment_migration"),
    ref("segment_profile"),
    ref("survival_comparison"),
    ref("survival_curves"),
    ref("survival_summary"),
    ref("value_concentration"),
    ref("value_tier_profile"),
] -%}
{%- set marts = public_marts() -%}
{{- require_named_marts(marts, model.depends_on.nodes) -}}
{%- set refusal = publication_refusal() -%}

with marts as (

    {%- for mart in marts %}
    select
        '{{ mart.name }}' as table_name,
        '{{ mart.relation_name | replace("'", "''") }}' as relation_name
    {% if not loop.last %}union all{% endif %}
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as table_name,
        cast(null as {{ dbt.type_string() }}) as relation_name
    {%- endfor %}

),

final as (

    select
        table_name,
        relation_name,
        '{{ refusal }}' as refusal
    from marts

)

select * from final
