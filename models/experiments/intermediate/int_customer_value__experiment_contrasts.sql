-- Every variant against the control, twice: as it is, and with the part that the spend
-- before the experiment explains taken out (CUPED: Deng, Xu, Kohavi & Walker 2013).
with

statistics as (

    select
        experiment,
        variant,
        segment,
        metric,
        cast(customer_count as {{ type_double() }}) as n,
        outcome_sum,
        outcome_square_sum,
        before_sum,
        before_square_sum,
        product_sum,
        is_control
    from {{ ref("int_customer_value__experiment_statistics") }}

),

-- Sample variances and covariance from the sums; null with fewer than two customers.
moments as (

    select
        *,
        outcome_sum / n as outcome_mean,
        before_sum / n as before_mean,
        greatest(outcome_square_sum - outcome_sum * outcome_sum / n, 0)
        / nullif(n - 1, 0) as outcome_variance,
        greatest(before_square_sum - before_sum * before_sum / n, 0)
        / nullif(n - 1, 0) as before_variance,
        (product_sum - outcome_sum * before_sum / n) / nullif(n - 1, 0) as covariance
    from statistics

),

pairs as (

    select
        treated.experiment,
        treated.variant,
        treated.segment,
        treated.metric,
        {% for column in [
            "n",
            "outcome_sum",
            "outcome_mean",
            "outcome_variance",
            "before_mean",
            "before_variance",
            "covariance",
        ] %}
            treated.{{ column }} as treated_{{ column }},
            control.{{ column }} as control_{{ column }},
        {% endfor %}
        -- The slope of outcome on spend before, over both arms together.
        coalesce(
            (
                treated.product_sum + control.product_sum
                - (treated.outcome_sum + control.outcome_sum)
                * (treated.before_sum + control.before_sum) / (treated.n + control.n)
            ) / nullif(
                greatest(
                    treated.before_square_sum + control.before_square_sum
                    - (treated.before_sum + control.before_sum)
                    * (treated.before_sum + control.before_sum)
                    / (treated.n + control.n),
                    0
                ),
                0
            ),
            0
        ) as slope
    from moments as treated
    inner join moments as control
        on
            treated.experiment = control.experiment
            and treated.segment = control.segment
            and treated.metric = control.metric
    where control.is_control and not treated.is_control

),

estimates as (

    select
        experiment,
        variant,
        segment,
        metric,
        'difference' as estimator,
        treated_n,
        control_n,
        treated_outcome_mean as treated_mean,
        control_outcome_mean as control_mean,
        treated_outcome_mean - control_outcome_mean as difference,
        case
            when metric like '%_rate'
                then treated_outcome_mean * (1 - treated_outcome_mean)
            else treated_outcome_variance
        end as treated_variance,
        case
            when metric like '%_rate'
                then control_outcome_mean * (1 - control_outcome_mean)
            else control_outcome_variance
        end as control_variance,
        (treated_outcome_sum + control_outcome_sum) / (treated_n + control_n)
            as pooled_mean
    from pairs
    union all
    select
        experiment,
        variant,
        segment,
        metric,
        'adjusted' as estimator,
        treated_n,
        control_n,
        treated_outcome_mean as treated_mean,
        control_outcome_mean as control_mean,
        treated_outcome_mean - control_outcome_mean
        - slope * (treated_before_mean - control_before_mean) as difference,
        greatest(
            treated_outcome_variance + slope * slope * treated_before_variance
            - 2 * slope * treated_covariance,
            0
        ) as treated_variance,
        greatest(
            control_outcome_variance + slope * slope * control_before_variance
            - 2 * slope * control_covariance,
            0
        ) as control_variance,
        cast(null as {{ type_double() }}) as pooled_mean
    from pairs

),

with_errors as (

    select
        *,
        case
            when treated_n > 1 and control_n > 1
                then sqrt(treated_variance / treated_n + control_variance / control_n)
        end as standard_error,
        metric like '%_rate' and estimator = 'difference' as is_proportion
    from estimates

),

contrasts as (

    select
        ---------- strings
        experiment,
        variant,
        segment,
        metric,
        estimator,
        case when is_proportion then 'normal' else 't' end as distribution,

        ---------- numerics
        cast(treated_n as {{ dbt.type_bigint() }}) as treated_count,
        cast(control_n as {{ dbt.type_bigint() }}) as control_count,
        treated_mean,
        control_mean,
        difference,
        standard_error,
        -- Two proportions are tested with their pooled variance, means with Welch's.
        case
            when standard_error is null then null
            when is_proportion
                then
                    difference / nullif(
                        sqrt(
                            pooled_mean
                            * (1 - pooled_mean)
                            * (1 / treated_n + 1 / control_n)
                        ),
                        0
                    )
            else difference / nullif(standard_error, 0)
        end as statistic,
        -- Welch-Satterthwaite.
        case
            when not is_proportion
                then
                    power(
                        treated_variance / treated_n + control_variance / control_n, 2
                    )
                    / nullif(
                        power(treated_variance / treated_n, 2)
                        / nullif(treated_n - 1, 0)
                        + power(control_variance / control_n, 2)
                        / nullif(control_n - 1, 0),
                        0
                    )
        end as degrees_of_freedom
    from with_errors

)

select * from contrasts
