with

estimates as (

    select
        experiment,
        variant,
        grouping_name,
        group_name,
        metric,
        estimator,
        treated_count,
        control_count,
        treated_mean,
        control_mean,
        difference,
        standard_error,
        difference - critical_value * standard_error as lower_bound,
        difference + critical_value * standard_error as upper_bound,
        p_value,
        treated_exposure_mean,
        control_exposure_mean
    from {{ ref("compare_customer_value__experiment_arms") }}
    where
        estimator in ('difference', 'adjusted', 'exposed') and not is_covariate

),

health as (

    select
        experiment,
        check_name,
        is_passed
    from {{ ref("customer_value__experiment_health") }}

),

{% set checks = [
    "has_both_arms", "sample_ratio", "both_arms", "arm_unknown", "assignment_at_odds",
    "control_reached", "ids_unknown", "covariate_imbalance",
] -%}
failed_checks as (

    select
        experiment,
        concat(
            {% for check in checks -%}
                case
                    when
                        sum(
                            case
                                when check_name = '{{ check }}' and not is_passed
                                    then 1
                                else 0
                            end
                        ) > 0
                        then ', {{ check }}'
                    else ''
                end
                {{- ", " if not loop.last }}
            {% endfor -%}
        ) as failed_checks,
        sum(case when is_passed is null then 1 else 0 end) as unknown_count
    from health
    group by experiment

),

verdicts as (

    select
        experiment,
        case
            when failed_checks != '' then concat('failed: ', substr(failed_checks, 3))
            when unknown_count > 0 then 'sample ratio unknown'
            else 'passed'
        end as health
    from failed_checks

),

side_by_side as (

    select
        unadjusted.*,
        adjusted.difference as adjusted_difference,
        adjusted.standard_error as adjusted_standard_error,
        adjusted.lower_bound as adjusted_lower_bound,
        adjusted.upper_bound as adjusted_upper_bound,
        adjusted.p_value as adjusted_p_value,
        exposed.difference as exposed_difference,
        exposed.lower_bound as exposed_lower_bound,
        exposed.upper_bound as exposed_upper_bound,
        coalesce(verdicts.health, 'passed') as health
    from estimates as unadjusted
    inner join estimates as adjusted
        on
            unadjusted.experiment = adjusted.experiment
            and unadjusted.variant = adjusted.variant
            and unadjusted.metric = adjusted.metric
            and unadjusted.grouping_name = adjusted.grouping_name
            and unadjusted.group_name = adjusted.group_name
            and adjusted.estimator = 'adjusted'
    left join estimates as exposed
        on
            unadjusted.experiment = exposed.experiment
            and unadjusted.variant = exposed.variant
            and unadjusted.metric = exposed.metric
            and unadjusted.grouping_name = exposed.grouping_name
            and unadjusted.group_name = exposed.group_name
            and exposed.estimator = 'exposed'
    left join verdicts on unadjusted.experiment = verdicts.experiment
    where unadjusted.estimator = 'difference'

),

-- All customers are a family, and so are the segments, and the bands of the score; each
-- holds every variant of the experiment.
ranked as (

    select
        *,
        count(p_value) over (
            partition by experiment, metric, grouping_name
        ) as family_count,
        row_number() over (
            partition by experiment, metric, grouping_name
            order by p_value asc nulls last, group_name asc, variant asc
        ) as p_value_rank
    from side_by_side

),

-- Holm (1979) for the variants: the i-th smallest of m p-values times m - i + 1, and
-- never less than that of a smaller one. Benjamini & Hochberg (1995) for the groups:
-- times m / i, and never more than that of a larger one.
corrected as (

    select
        *,
        case
            when p_value is null then null
            when grouping_name = 'all'
                then
                    least(
                        max(p_value * (family_count - p_value_rank + 1)) over (
                            partition by experiment, metric, grouping_name
                            order by p_value_rank
                            rows between unbounded preceding and current row
                        ),
                        1
                    )
            else
                least(
                    min(p_value * family_count / p_value_rank) over (
                        partition by experiment, metric, grouping_name
                        order by p_value_rank desc
                        rows between unbounded preceding and current row
                    ),
                    1
                )
        end as corrected_p_value
    from ranked

),

with_finding as (

    select
        *,
        case
            when standard_error is null
                then 'Too few customers in an arm to estimate an effect.'
            when p_value is null
                then 'Everybody did the same: there is no effect to estimate.'
            when corrected_p_value <= 0.05 and difference > 0
                then 'More with the variant than without, beyond chance.'
            when corrected_p_value <= 0.05
                then 'Less with the variant than without, beyond chance.'
            when p_value <= 0.05
                then
                    concat(
                        'No difference beyond what so many comparisons show ',
                        'by chance.'
                    )
            else 'No difference beyond chance.'
        end as plain_finding
    from corrected

),

experiment_results as (

    select
        ---------- strings
        cast(experiment as {{ dbt.type_string() }}) as experiment,
        cast(variant as {{ dbt.type_string() }}) as variant,
        cast(metric as {{ dbt.type_string() }}) as metric,
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_name as {{ dbt.type_string() }}) as group_name,
        cast(health as {{ dbt.type_string() }}) as health,
        cast(
            case
                when health like 'failed%'
                    then
                        concat(
                            'Not to be trusted (',
                            health,
                            '; see experiment_health). ',
                            plain_finding
                        )
                else plain_finding
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(treated_count as {{ dbt.type_bigint() }}) as treated_count,
        cast(control_count as {{ dbt.type_bigint() }}) as control_count,
        cast(treated_mean as {{ type_double() }}) as treated_mean,
        cast(control_mean as {{ type_double() }}) as control_mean,
        cast(difference as {{ type_double() }}) as difference,
        cast(difference / nullif(abs(control_mean), 0) as {{ type_double() }})
            as relative_lift,
        cast(standard_error as {{ type_double() }}) as standard_error,
        cast(lower_bound as {{ type_double() }}) as lower_bound,
        cast(upper_bound as {{ type_double() }}) as upper_bound,
        cast(p_value as {{ type_double() }}) as p_value,
        cast(corrected_p_value as {{ type_double() }}) as corrected_p_value,
        cast(adjusted_difference as {{ type_double() }}) as adjusted_difference,
        cast(adjusted_standard_error as {{ type_double() }})
            as adjusted_standard_error,
        cast(adjusted_lower_bound as {{ type_double() }}) as adjusted_lower_bound,
        cast(adjusted_upper_bound as {{ type_double() }}) as adjusted_upper_bound,
        cast(adjusted_p_value as {{ type_double() }}) as adjusted_p_value,
        cast(
            1 - adjusted_standard_error * adjusted_standard_error
            / nullif(standard_error * standard_error, 0) as {{ type_double() }}
        ) as variance_reduction_share,
        cast(treated_exposure_mean as {{ type_double() }}) as reached_share,
        cast(control_exposure_mean as {{ type_double() }}) as control_reached_share,
        cast(exposed_difference as {{ type_double() }}) as effect_on_reached,
        cast(exposed_lower_bound as {{ type_double() }})
            as effect_on_reached_lower_bound,
        cast(exposed_upper_bound as {{ type_double() }})
            as effect_on_reached_upper_bound
    from with_finding

)

select * from experiment_results
