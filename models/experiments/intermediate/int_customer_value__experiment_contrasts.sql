-- Every variant against the control: as it is, with the part that the spend before the
-- experiment explains taken out (CUPED: Deng, Xu, Kohavi & Walker 2013), and per
-- customer whom the contact reached.
with

statistics as (

    select
        experiment,
        variant,
        grouping_name,
        group_name,
        metric,
        cast(customer_count as {{ type_double() }}) as arm_count,
        outcome_sum,
        outcome_square_sum,
        before_sum,
        before_square_sum,
        product_sum,
        exposure_sum,
        exposed_outcome_sum,
        is_control,
        is_covariate
    from {{ ref("int_customer_value__experiment_statistics") }}

),

moments as (

    select
        *,
        outcome_sum / arm_count as outcome_mean,
        before_sum / arm_count as before_mean,
        {{ sample_variance("arm_count", "outcome_sum", "outcome_square_sum") }}
            as outcome_variance,
        {{ sample_variance("arm_count", "before_sum", "before_square_sum") }}
            as before_variance,
        (product_sum - outcome_sum * before_sum / arm_count)
        / nullif(arm_count - 1, 0) as covariance,
        exposure_sum / arm_count as exposure_mean,
        (exposure_sum - exposure_sum * exposure_sum / arm_count)
        / nullif(arm_count - 1, 0) as exposure_variance,
        (exposed_outcome_sum - outcome_sum * exposure_sum / arm_count)
        / nullif(arm_count - 1, 0) as exposure_covariance
    from statistics

),

-- The arms side by side, and both together as one population.
pairs as (

    select
        treated.experiment,
        treated.variant,
        treated.grouping_name,
        treated.group_name,
        treated.metric,
        treated.is_covariate,
        {% for column in [
            "outcome_mean", "outcome_variance", "before_mean", "before_variance",
            "covariance", "exposure_mean", "exposure_variance", "exposure_covariance",
        ] %}
            treated.{{ column }} as treated_{{ column }},
            control.{{ column }} as control_{{ column }},
        {% endfor %}
        treated.arm_count as treated_count,
        control.arm_count as control_count,
        treated.arm_count + control.arm_count as both_count,
        (treated.outcome_sum + control.outcome_sum)
        / (treated.arm_count + control.arm_count) as both_mean,
        treated.before_sum + control.before_sum as both_before_sum,
        treated.before_square_sum + control.before_square_sum
            as both_before_square_sum,
        treated.product_sum + control.product_sum as both_product_sum
    from moments as treated
    inner join moments as control
        on
            treated.experiment = control.experiment
            and treated.grouping_name = control.grouping_name
            and treated.group_name = control.group_name
            and treated.metric = control.metric
    where control.is_control and not treated.is_control

),

-- The slope of the outcome on the spend before, over both arms together.
slopes as (

    select
        *,
        coalesce(
            (both_product_sum - both_mean * both_before_sum) / nullif(
                greatest(
                    both_before_square_sum
                    - both_before_sum * both_before_sum / both_count,
                    0
                ),
                0
            ),
            0
        ) as slope,
        -- Wald's estimate: all of the difference came of those who were reached because
        -- of their arm (Angrist, Imbens & Rubin 1996).
        treated_exposure_mean - control_exposure_mean as exposure_difference,
        case
            when treated_exposure_mean > control_exposure_mean
                then
                    (treated_outcome_mean - control_outcome_mean)
                    / (treated_exposure_mean - control_exposure_mean)
        end as exposed_difference
    from pairs

),

estimates as (

    select
        *,
        'difference' as estimator,
        {% for arm in ["treated", "control"] %}
            case
                when metric like '%_rate'
                    then {{ arm }}_outcome_mean * (1 - {{ arm }}_outcome_mean)
                else {{ arm }}_outcome_variance
            end as {{ arm }}_variance,
        {% endfor %}
        treated_outcome_mean - control_outcome_mean as difference
    from slopes
    union all
    select
        *,
        'adjusted' as estimator,
        {% for arm in ["treated", "control"] %}
            greatest(
                {{ arm }}_outcome_variance
                + slope * slope * {{ arm }}_before_variance
                - 2 * slope * {{ arm }}_covariance,
                0
            ) as {{ arm }}_variance,
        {% endfor %}
        treated_outcome_mean - control_outcome_mean
        - slope * (treated_before_mean - control_before_mean) as difference
    from slopes
    where not is_covariate
    union all
    -- The delta method: the variance of outcome less effect times exposure.
    select
        *,
        'exposed' as estimator,
        {% for arm in ["treated", "control"] %}
            greatest(
                {{ arm }}_outcome_variance
                + exposed_difference
                * exposed_difference
                * {{ arm }}_exposure_variance
                - 2 * exposed_difference * {{ arm }}_exposure_covariance,
                0
            ) / (exposure_difference * exposure_difference) as {{ arm }}_variance,
        {% endfor %}
        exposed_difference as difference
    from slopes
    where exposed_difference is not null and not is_covariate

),

-- Each arm adds its variance over its size to the squared error of the difference.
with_errors as (

    select
        *,
        treated_variance / treated_count as treated_square_error,
        control_variance / control_count as control_square_error,
        case
            when treated_count > 1 and control_count > 1
                then
                    sqrt(
                        treated_variance / treated_count
                        + control_variance / control_count
                    )
        end as standard_error,
        metric like '%_rate' and estimator = 'difference' as is_proportion,
        (metric like '%_rate' and estimator = 'difference')
        or estimator = 'exposed' as is_normal
    from estimates

),

contrasts as (

    select
        ---------- strings
        experiment,
        variant,
        grouping_name,
        group_name,
        metric,
        estimator,
        case when is_normal then 'normal' else 't' end as distribution,

        ---------- numerics
        cast(treated_count as {{ dbt.type_bigint() }}) as treated_count,
        cast(control_count as {{ dbt.type_bigint() }}) as control_count,
        treated_outcome_mean as treated_mean,
        control_outcome_mean as control_mean,
        difference,
        difference / nullif(sqrt((treated_variance + control_variance) / 2), 0)
            as standardised_difference,
        standard_error,
        treated_exposure_mean,
        control_exposure_mean,
        -- Two proportions are tested with their pooled variance, means with Welch's.
        case
            when standard_error is null then null
            when is_proportion
                then
                    difference / nullif(
                        sqrt(
                            both_mean
                            * (1 - both_mean)
                            * (1 / treated_count + 1 / control_count)
                        ),
                        0
                    )
            else difference / nullif(standard_error, 0)
        end as statistic,
        -- Welch-Satterthwaite.
        case
            when not is_normal
                then
                    power(treated_square_error + control_square_error, 2) / nullif(
                        power(treated_square_error, 2) / nullif(treated_count - 1, 0)
                        + power(control_square_error, 2) / nullif(control_count - 1, 0),
                        0
                    )
        end as degrees_of_freedom,

        ---------- booleans
        is_covariate
    from with_errors

)

select * from contrasts
