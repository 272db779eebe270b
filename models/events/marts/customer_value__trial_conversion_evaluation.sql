with

fits as (

    select
        decision_day,
        kind,
        feature,
        estimate,
        is_published,
        finding
    from {{ ref("fit_customer_value__trial_conversion") }}
    where kind in ('measure', 'finding')

),

trial_conversion_evaluation as (

    select
        ---------- strings
        cast(max(finding) as {{ dbt.type_string() }}) as finding,

        ---------- numerics
        cast(decision_day as {{ dbt.type_int() }}) as decision_day,
        {% for measure in [
            "training_count", "training_conversions", "test_count", "test_conversions"
        ] -%}
            cast(
                max(case when feature = '{{ measure }}' then estimate end)
                as {{ dbt.type_bigint() }}
            ) as {{ measure }},
        {% endfor -%}
        cast(
            max(case when feature = 'training_conversions' then estimate end)
            / nullif(max(case when feature = 'training_count' then estimate end), 0)
            as {{ type_double() }}
        ) as training_rate,
        cast(
            max(case when feature = 'test_conversions' then estimate end)
            / nullif(max(case when feature = 'test_count' then estimate end), 0)
            as {{ type_double() }}
        ) as test_rate,
        {% for measure in [
            "predicted_rate", "auc", "auc_lower_bound", "auc_upper_bound", "brier_score",
            "baseline_brier_score"
        ] -%}
            cast(
                max(case when feature = '{{ measure }}' then estimate end)
                as {{ type_double() }}
            ) as {{ measure }},
        {% endfor %}
        ---------- booleans
        cast(
            max(case when is_published then 1 else 0 end) = 1
            as {{ dbt.type_boolean() }}
        ) as is_published
    from fits
    group by decision_day

)

select * from trial_conversion_evaluation
