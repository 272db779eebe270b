-- What would make the comparison of the arms unfair, except for their customers' past,
-- which int_experiment_contrasts compares.
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
        ) as arm_customer_count
    from experiment_customers
    group by experiment, variant, is_control

),

experiments as (

    select
        experiment,
        sum(arm_customer_count) as customer_count,
        count(*) as arm_count,
        sum(case when is_control then 1 else 0 end) as control_arm_count,
        sum(case when is_control then 0 else 1 end) as treated_arm_count
    from arms
    group by experiment

),

-- A planned experiment has the shares of its plan; any other is taken to have equal
-- arms.
expected_arms as (

    select
        arms.experiment,
        arms.arm_customer_count,
        experiments.arm_count,
        experiments.customer_count * case
            when planned_experiments.control_share is null
                then 1.0 / experiments.arm_count
            when arms.is_control then planned_experiments.control_share
            else
                (1 - planned_experiments.control_share)
                / nullif(experiments.treated_arm_count, 0)
        end as expected_customer_count
    from arms
    inner join experiments on arms.experiment = experiments.experiment
    left join planned_experiments
        on arms.experiment = planned_experiments.experiment
    where experiments.control_arm_count > 0 and experiments.treated_arm_count > 0

),

checks as (

    select
        experiment,
        'has_both_arms' as check_name,
        customer_count,
        control_arm_count > 0 and treated_arm_count > 0 as has_both_arms,
        cast(null as {{ type_double() }}) as statistic,
        cast(null as {{ type_double() }}) as degrees_of_freedom
    from experiments
    union all
    select
        experiment,
        'sample_ratio' as check_name,
        sum(arm_customer_count) as customer_count,
        true as has_both_arms,
        sum(
            power(arm_customer_count - expected_customer_count, 2)
            / nullif(expected_customer_count, 0)
        ) as statistic,
        cast(max(arm_count) - 1 as {{ type_double() }}) as degrees_of_freedom
    from expected_arms
    group by experiment
    {% for reason in ["both_arms", "exposure_at_odds", "assignment_at_odds"] %}
        union all
        select
            experiment,
            '{{ reason }}' as check_name,
            count(case when exclusion_reason = '{{ reason }}' then 1 end)
                as customer_count,
            count(distinct is_control) = 2 as has_both_arms,
            cast(null as {{ type_double() }}) as statistic,
            cast(null as {{ type_double() }}) as degrees_of_freedom
        from experiment_customers
        group by experiment
    {% endfor %}

),

experiment_checks as (

    select
        ---------- strings
        experiment,
        check_name,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        statistic,
        degrees_of_freedom,

        ---------- booleans
        has_both_arms
    from checks

)

select * from experiment_checks
