with

checks as (

    select
        experiment,
        check_name,
        subject,
        customer_count,
        effect,
        statistic
    from {{ ref("int_customer_value__experiment_checks") }}

),

tested as (

    select
        experiment,
        measure,
        subject,
        p_value
    from {{ ref("compare_customer_value__experiment_arms") }}
    where estimator = 'check'

),

judged as (

    select
        checks.*,
        tested.p_value,
        case
            when checks.check_name = 'has_both_arms' then checks.effect > 0
            -- Looked at in every experiment, so a stricter level than usual.
            when checks.check_name = 'sample_ratio'
                then coalesce(tested.p_value >= 0.001, true)
            when checks.check_name = 'covariate_imbalance'
                then coalesce(abs(checks.effect) <= 0.1 or tested.p_value >= 0.01, true)
            else checks.customer_count = 0
        end as is_passed
    from checks
    left join tested
        on
            checks.experiment = tested.experiment
            and checks.check_name = tested.measure
            and checks.subject = tested.subject

),

experiment_health as (

    select
        ---------- strings
        cast(experiment as {{ dbt.type_string() }}) as experiment,
        cast(check_name as {{ dbt.type_string() }}) as check_name,
        cast(subject as {{ dbt.type_string() }}) as subject,
        cast(
            case
                when is_passed and check_name = 'has_both_arms'
                    then 'There are customers with the variant and without.'
                when is_passed and check_name = 'sample_ratio'
                    then 'The arms have the sizes they should have, up to chance.'
                when is_passed and check_name = 'covariate_imbalance'
                    then 'Before the experiment the arms were alike, up to chance.'
                when is_passed then 'Nobody had to be left out.'
                when check_name = 'has_both_arms'
                    then
                        concat(
                            'Nobody was held out (variant ',
                            '{{ dbt.escape_single_quotes(var("control_variant")) }}), ',
                            'or nobody was contacted: no effect can be estimated.'
                        )
                when check_name = 'sample_ratio'
                    then
                        concat(
                            'The arms do not have the sizes they should have: ',
                            'something chose who is in them, so trust no result.'
                        )
                when check_name = 'covariate_imbalance'
                    then
                        concat(
                            'The arms differed before the experiment: look at the ',
                            'adjusted difference, and at how the arms were made.'
                        )
                when check_name = 'both_arms'
                    then 'Customers with more than one variant were left out.'
                when check_name = 'exposure_at_odds'
                    then
                        concat(
                            'Control customers who were reached, or others who ',
                            'were not, were left out; many would make the arms unlike.'
                        )
                else 'Customers who were not in the arm assigned to them were left out.'
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(
            case when check_name = 'covariate_imbalance' then effect end
            as {{ type_double() }}
        ) as standardised_difference,
        cast(statistic as {{ type_double() }}) as statistic,
        cast(p_value as {{ type_double() }}) as p_value,

        ---------- booleans
        is_passed
    from judged

)

select * from experiment_health
