with

estimates as (

    select
        experiment,
        variant,
        segment,
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
        p_value
    from {{ ref("compare_customer_value__experiment_arms") }}
    where estimator in ('difference', 'adjusted') and not is_covariate

),

side_by_side as (

    select
        unadjusted.*,
        adjusted.difference as adjusted_difference,
        adjusted.standard_error as adjusted_standard_error,
        adjusted.lower_bound as adjusted_lower_bound,
        adjusted.upper_bound as adjusted_upper_bound,
        adjusted.p_value as adjusted_p_value,
        case
            when unadjusted.segment = 'all' then 'all' else 'segments'
        end as test_family
    from estimates as unadjusted
    inner join estimates as adjusted
        on
            unadjusted.experiment = adjusted.experiment
            and unadjusted.variant = adjusted.variant
            and unadjusted.metric = adjusted.metric
            and unadjusted.segment = adjusted.segment
    where unadjusted.estimator = 'difference' and adjusted.estimator = 'adjusted'

),

-- Benjamini & Hochberg (1995): the i-th smallest of m p-values times m / i, and never
-- more than that of a larger one. All customers together are a family of their own.
ranked as (

    select
        *,
        count(p_value) over (
            partition by experiment, variant, metric, test_family
        ) as family_count,
        row_number() over (
            partition by experiment, variant, metric, test_family
            order by p_value asc nulls last, segment asc
        ) as p_value_rank
    from side_by_side

),

corrected as (

    select
        *,
        case
            when p_value is not null
                then
                    min(p_value * family_count / p_value_rank) over (
                        partition by experiment, variant, metric, test_family
                        order by p_value_rank desc
                        rows between unbounded preceding and current row
                    )
        end as p_value_across_segments
    from ranked

),

experiment_results as (

    select
        ---------- strings
        cast(experiment as {{ dbt.type_string() }}) as experiment,
        cast(variant as {{ dbt.type_string() }}) as variant,
        cast(metric as {{ dbt.type_string() }}) as metric,
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(
            case
                when standard_error is null
                    then 'Too few customers in an arm to estimate an effect.'
                when p_value is null
                    then 'Everybody did the same: there is no effect to see.'
                when lower_bound > 0
                    then 'More with the variant than without, beyond chance.'
                when upper_bound < 0
                    then 'Less with the variant than without, beyond chance.'
                else
                    'No difference beyond chance: the interval holds zero.'
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
        cast(
            case
                when p_value_across_segments > 1 then 1
                else p_value_across_segments
            end
            as {{ type_double() }}
        ) as p_value_across_segments,
        cast(adjusted_difference as {{ type_double() }}) as adjusted_difference,
        cast(adjusted_standard_error as {{ type_double() }})
            as adjusted_standard_error,
        cast(adjusted_lower_bound as {{ type_double() }}) as adjusted_lower_bound,
        cast(adjusted_upper_bound as {{ type_double() }}) as adjusted_upper_bound,
        cast(adjusted_p_value as {{ type_double() }}) as adjusted_p_value,
        cast(
            1 - adjusted_standard_error * adjusted_standard_error
            / nullif(standard_error * standard_error, 0) as {{ type_double() }}
        ) as variance_reduction_share
    from corrected

)

select * from experiment_results
