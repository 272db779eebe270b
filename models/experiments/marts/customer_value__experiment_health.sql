with

checks as (

    select
        experiment,
        check_name,
        customer_count,
        has_both_arms,
        statistic
    from {{ ref("int_customer_value__experiment_checks") }}

),

comparisons as (

    select
        experiment,
        variant,
        metric,
        estimator,
        treated_count,
        control_count,
        standardised_difference,
        statistic,
        p_value,
        is_covariate
    from {{ ref("compare_customer_value__experiment_arms") }}

),

sample_ratios as (

    select
        experiment,
        metric,
        p_value
    from comparisons
    where estimator = 'check'

),

all_checks as (

    select
        checks.experiment,
        checks.check_name,
        'all' as subject,
        checks.customer_count,
        checks.has_both_arms,
        cast(null as {{ type_double() }}) as standardised_difference,
        checks.statistic,
        sample_ratios.p_value
    from checks
    left join sample_ratios
        on
            checks.experiment = sample_ratios.experiment
            and checks.check_name = sample_ratios.metric
    union all
    select
        experiment,
        'covariate_imbalance' as check_name,
        concat(variant, ' ', metric) as subject,
        treated_count + control_count as customer_count,
        true as has_both_arms,
        standardised_difference,
        statistic,
        p_value
    from comparisons
    where is_covariate

),

verdicts as (

    select
        *,
        case
            when check_name = 'has_both_arms' then has_both_arms
            -- Made of every experiment, the check has a stricter level than usual.
            -- It is not known without a plan.
            when check_name = 'sample_ratio' then p_value >= 0.001
            when check_name = 'covariate_imbalance'
                then
                    coalesce(
                        abs(standardised_difference) <= 0.1 or p_value >= 0.01, true
                    )
            else customer_count = 0
        end as is_passed
    from all_checks

),

experiment_health as (

    select
        ---------- strings
        cast(experiment as {{ dbt.type_string() }}) as experiment,
        cast(check_name as {{ dbt.type_string() }}) as check_name,
        cast(subject as {{ dbt.type_string() }}) as subject,
        cast(
            case
                when is_passed is null
                    then
                        concat(
                            'The planned share of each arm is not known, so it is ',
                            'unknown whether customers are missing: give ',
                            'planned_share in ',
                            'the contacts, or the seed experiment_arms.'
                        )
                when is_passed and check_name = 'has_both_arms'
                    then 'There are customers with the variant and without.'
                when is_passed and check_name = 'sample_ratio'
                    then 'The arms have the sizes they should have, up to chance.'
                when is_passed and check_name = 'covariate_imbalance'
                    then 'Before the experiment the arms were alike, up to chance.'
                when is_passed and check_name = 'assignment_at_odds'
                    then 'No contact goes against the plan.'
                when is_passed and check_name = 'control_reached'
                    then 'Nobody who was held out is known to have been reached.'
                when is_passed and check_name = 'ids_unknown'
                    then 'The contacts have customers of the transactions.'
                when is_passed then 'Nobody had to be left out.'
                when check_name = 'has_both_arms'
                    then
                        concat(
                            'Nobody was held out (variant ',
                            {{ quoted_text(var("control_variant") ~ "), ") }},
                            'or nobody was contacted: no effect can be estimated.'
                        )
                when check_name = 'sample_ratio'
                    then
                        concat(
                            'The arms do not have the sizes they should have: ',
                            'something selected their members, so trust no result.'
                        )
                when check_name = 'covariate_imbalance'
                    then
                        concat(
                            'The arms differed before the experiment: check the ',
                            'adjusted difference, and how the arms were formed.'
                        )
                when check_name = 'both_arms'
                    then 'Customers with more than one variant were left out.'
                when check_name = 'ids_unknown'
                    then
                        concat(
                            'None of the contacted has ever bought: the ids are not ',
                            'written as in the transactions.'
                        )
                when check_name = 'arm_unknown'
                    then
                        concat(
                            'Customers whose assigned variant is not known ',
                            'were left out; many of them would bias the arms.'
                        )
                when check_name = 'control_reached'
                    then
                        concat(
                            'Customers who were held out were reached nevertheless: ',
                            'the effect is larger than the difference of the arms.'
                        )
                else
                    concat(
                        'Contacts go against the plan. The customers are compared as ',
                        'assigned, so the effect is larger than the difference.'
                    )
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(standardised_difference as {{ type_double() }})
            as standardised_difference,
        cast(statistic as {{ type_double() }}) as statistic,
        cast(p_value as {{ type_double() }}) as p_value,

        ---------- booleans
        is_passed
    from verdicts

)

select * from experiment_health
