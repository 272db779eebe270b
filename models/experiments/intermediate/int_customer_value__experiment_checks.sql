-- What would make the comparison of the arms unfair, except for their customers' past,
-- which int_experiment_contrasts compares.
with

experiment_customers as (

    select
        experiment,
        customer_id,
        variant,
        exclusion_reason,
        planned_share,
        is_control,
        is_customer,
        is_exposed,
        is_assignment_at_odds
    from {{ ref("int_customer_value__experiment_customers") }}

),

planned_experiments as (

    select
        experiment,
        control_share
    from {{ ref("int_customer_value__planned_experiments") }}

),

experiment_arms as (

    select
        {{ any_if_empty("experiment") }} as experiment,
        variant,
        cast(planned_share as {{ type_double() }}) as planned_share
    from {{ ref("customer_value__experiment_arms") }}

),

arms as (

    select
        experiment,
        variant,
        is_control,
        cast(
            sum(case when exclusion_reason is null then 1 else 0 end)
            as {{ type_double() }}
        ) as arm_customer_count,
        cast(max(planned_share) as {{ type_double() }}) as planned_share
    from experiment_customers
    group by experiment, variant, is_control

),

experiments as (

    select
        experiment,
        sum(arm_customer_count) as customer_count,
        sum(case when is_control then 1 else 0 end) as control_arm_count,
        sum(case when is_control then 0 else 1 end) as treated_arm_count
    from arms
    group by experiment

),

-- An arm of the plan in which there is nobody has a size of 0.
all_arms as (

    select
        experiment,
        variant,
        is_control,
        arm_customer_count,
        planned_share
    from arms
    union all
    select
        experiment_arms.experiment,
        experiment_arms.variant,
        {{ variant_key("experiment_arms.variant") }}
        = {{ variant_key(quoted_text(var("control_variant"))) }} as is_control,
        0 as arm_customer_count,
        cast(null as {{ type_double() }}) as planned_share
    from experiment_arms
    inner join experiments on experiment_arms.experiment = experiments.experiment
    left join arms
        on
            experiment_arms.experiment = arms.experiment
            and {{ variant_key("experiment_arms.variant") }}
            = {{ variant_key("arms.variant") }}
    where arms.variant is null

),

-- The planned share of an arm is that of the contacts, of the seed experiment_arms, or,
-- with one variant beside the control, follows from the control_share of the plan. An
-- experiment without one is not taken to have equal arms.
shares as (

    select
        all_arms.experiment,
        all_arms.arm_customer_count,
        experiments.customer_count,
        coalesce(
            all_arms.planned_share,
            experiment_arms.planned_share,
            case
                when
                    experiments.control_arm_count != 1
                    or experiments.treated_arm_count != 1
                    then null
                when all_arms.is_control then planned_experiments.control_share
                else 1 - planned_experiments.control_share
            end
        ) as planned_share
    from all_arms
    inner join experiments on all_arms.experiment = experiments.experiment
    left join experiment_arms
        on
            all_arms.experiment = experiment_arms.experiment
            and {{ variant_key("all_arms.variant") }}
            = {{ variant_key("experiment_arms.variant") }}
    left join planned_experiments
        on all_arms.experiment = planned_experiments.experiment
    where experiments.control_arm_count > 0 and experiments.treated_arm_count > 0

),

-- Shares are relative: 90 and 10 are the same as 0.9 and 0.1.
expected_arms as (

    select
        *,
        customer_count
        * planned_share
        / nullif(sum(planned_share) over (partition by experiment), 0)
            as expected_customer_count
    from shares

),

sample_ratios as (

    select
        experiment,
        sum(arm_customer_count) as customer_count,
        count(*) as arm_count,
        case
            when count(expected_customer_count) = count(*)
                then
                    sum(
                        power(arm_customer_count - expected_customer_count, 2)
                        / nullif(expected_customer_count, 0)
                    )
        end as statistic
    from expected_arms
    group by experiment

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
        customer_count,
        true as has_both_arms,
        statistic,
        case
            when statistic is not null then cast(arm_count - 1 as {{ type_double() }})
        end as degrees_of_freedom
    from sample_ratios
    {% for check, condition in {
        "both_arms": "exclusion_reason = 'both_arms'",
        "arm_unknown": "exclusion_reason = 'arm_unknown'",
        "assignment_at_odds": "is_assignment_at_odds",
        "control_reached": "is_control and is_exposed",
    }.items() %}
        union all
        select
            experiment,
            '{{ check }}' as check_name,
            count(case when {{ condition }} then 1 end) as customer_count,
            count(distinct is_control) = 2 as has_both_arms,
            cast(null as {{ type_double() }}) as statistic,
            cast(null as {{ type_double() }}) as degrees_of_freedom
        from experiment_customers
        group by experiment
    {% endfor %}
    union all
    -- Where nobody has ever bought, the ids are another system's.
    select
        experiment,
        'ids_unknown' as check_name,
        case when count(case when is_customer then 1 end) = 0 then count(*) else 0 end
            as customer_count,
        count(distinct is_control) = 2 as has_both_arms,
        cast(null as {{ type_double() }}) as statistic,
        cast(null as {{ type_double() }}) as degrees_of_freedom
    from experiment_customers
    group by experiment

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
