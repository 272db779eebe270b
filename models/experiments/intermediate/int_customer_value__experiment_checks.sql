{%- set covariates = ["spend_before", "purchases_before"] -%}
with

experiment_customers as (

    select
        experiment,
        customer_id,
        variant,
        exclusion_reason,
        is_control
    from {{ ref("int_customer_value__experiment_customers") }}

),

outcomes as (

    select
        experiment,
        variant,
        cast(spend_before as {{ type_double() }}) as spend_before,
        cast(purchases_before as {{ type_double() }}) as purchases_before,
        is_control
    from {{ ref("int_customer_value__experiment_outcomes") }}

),

planned_experiments as (

    select
        experiment,
        control_share
    from {{ ref("int_customer_value__planned_experiments") }}

),

arms as (

    select
        experiment,
        variant,
        is_control,
        cast(
            sum(case when exclusion_reason is null then 1 else 0 end)
            as {{ type_double() }}
        ) as n
    from experiment_customers
    group by experiment, variant, is_control

),

experiments as (

    select
        experiment,
        sum(n) as n,
        count(*) as arm_count,
        sum(case when is_control then 1 else 0 end) as control_arm_count,
        sum(case when is_control then 0 else 1 end) as treated_arm_count
    from arms
    group by experiment

),

-- A planned experiment has the shares of its plan; of another nothing is known but that
-- equal arms are the custom.
expected as (

    select
        arms.experiment,
        arms.n,
        experiments.arm_count,
        experiments.n * case
            when planned_experiments.control_share is null
                then 1.0 / experiments.arm_count
            when arms.is_control then planned_experiments.control_share
            else
                (1 - planned_experiments.control_share)
                / nullif(experiments.treated_arm_count, 0)
        end as expected_n
    from arms
    inner join experiments on arms.experiment = experiments.experiment
    left join planned_experiments
        on arms.experiment = planned_experiments.experiment
    where experiments.control_arm_count > 0 and experiments.treated_arm_count > 0

),

covariates as (
    {% for covariate in covariates %}
        select
            experiment,
            variant,
            is_control,
            '{{ covariate }}' as covariate,
            cast(count(*) as {{ type_double() }}) as n,
            {{ exact_sum(covariate) }} as value_sum,
            {{ exact_sum(covariate ~ " * " ~ covariate) }} as square_sum
        from outcomes
        group by experiment, variant, is_control
        {{ "union all" if not loop.last }}
    {% endfor %}
),

moments as (

    select
        experiment,
        variant,
        is_control,
        covariate,
        n,
        value_sum / n as mean_value,
        greatest(square_sum - value_sum * value_sum / n, 0) / nullif(n - 1, 0)
            as variance
    from covariates

),

imbalances as (

    select
        treated.experiment,
        treated.variant,
        treated.covariate,
        treated.n + control.n as n,
        treated.mean_value - control.mean_value as difference,
        sqrt((treated.variance + control.variance) / 2) as deviation,
        treated.variance / treated.n as treated_error,
        control.variance / control.n as control_error,
        treated.n as treated_n,
        control.n as control_n
    from moments as treated
    inner join moments as control
        on
            treated.experiment = control.experiment
            and treated.covariate = control.covariate
    where control.is_control and not treated.is_control

),

checks as (

    select
        experiment,
        'has_both_arms' as check_name,
        'all' as subject,
        'none' as distribution,
        n as customer_count,
        cast(least(control_arm_count, treated_arm_count) as {{ type_double() }})
            as effect,
        cast(null as {{ type_double() }}) as statistic,
        cast(null as {{ type_double() }}) as degrees_of_freedom
    from experiments
    union all
    select
        experiment,
        'sample_ratio' as check_name,
        'all' as subject,
        'chi_square' as distribution,
        sum(n) as customer_count,
        cast(null as {{ type_double() }}) as effect,
        sum((n - expected_n) * (n - expected_n) / nullif(expected_n, 0)) as statistic,
        cast(max(arm_count) - 1 as {{ type_double() }}) as degrees_of_freedom
    from expected
    group by experiment
    {% for reason in ["both_arms", "exposure_at_odds", "assignment_at_odds"] %}
        union all
        select
            experiment,
            '{{ reason }}' as check_name,
            'all' as subject,
            'none' as distribution,
            count(case when exclusion_reason = '{{ reason }}' then 1 end)
                as customer_count,
            cast(null as {{ type_double() }}) as effect,
            cast(null as {{ type_double() }}) as statistic,
            cast(null as {{ type_double() }}) as degrees_of_freedom
        from experiment_customers
        group by experiment
    {% endfor %}
    union all
    select
        experiment,
        'covariate_imbalance' as check_name,
        concat(variant, ' ', covariate) as subject,
        't' as distribution,
        n as customer_count,
        difference / nullif(deviation, 0) as effect,
        difference / nullif(sqrt(treated_error + control_error), 0) as statistic,
        power(treated_error + control_error, 2) / nullif(
            treated_error * treated_error / nullif(treated_n - 1, 0)
            + control_error * control_error / nullif(control_n - 1, 0),
            0
        ) as degrees_of_freedom
    from imbalances

),

experiment_checks as (

    select
        ---------- strings
        experiment,
        check_name,
        subject,
        distribution,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        effect,
        statistic,
        degrees_of_freedom
    from checks

)

select * from experiment_checks
