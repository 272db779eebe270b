with

experiments as (

    select
        experiment,
        control_share,
        wished_lift
    from {{ ref("int_customer_value__planned_experiments") }}

),

assignments as (

    select
        experiment,
        variant,
        segment
    from {{ ref("customer_value__experiment_assignments") }}

),

baselines as (

    select
        segment,
        metric,
        baseline_mean,
        baseline_deviation
    from {{ ref("int_customer_value__experiment_baselines") }}

),

quantiles as (

    select sum(critical_value) as both_quantiles
    from {{ ref("compare_customer_value__experiment_arms") }}
    where estimator = 'quantile'

),

by_segment as (

    select
        experiment,
        segment,
        variant
    from assignments
    union all
    select
        experiment,
        'all' as segment,
        variant
    from assignments

),

sizes as (

    select
        experiment,
        segment,
        cast(
            sum(case when variant = 'treatment' then 1 else 0 end)
            as {{ type_double() }}
        ) as treated_n,
        cast(
            sum(case when variant = 'treatment' then 0 else 1 end)
            as {{ type_double() }}
        ) as control_n
    from by_segment
    group by experiment, segment

),

metrics as (

    select 'purchase_rate' as metric
    union all
    select 'spend' as metric

),

planned as (

    select
        sizes.experiment,
        sizes.segment,
        sizes.treated_n,
        sizes.control_n,
        metrics.metric,
        experiments.control_share,
        experiments.wished_lift,
        baselines.baseline_mean,
        baselines.baseline_mean * experiments.wished_lift as wished_effect,
        quantiles.both_quantiles,
        case
            when metrics.metric = 'purchase_rate'
                then sqrt(baselines.baseline_mean * (1 - baselines.baseline_mean))
            else baselines.baseline_deviation
        end as control_deviation,
        -- A rate that rises has another variance; what money would have is not known.
        case
            when metrics.metric = 'purchase_rate'
                then
                    sqrt(
                        greatest(
                            baselines.baseline_mean
                            * (1 + experiments.wished_lift)
                            * (
                                1
                                - baselines.baseline_mean
                                * (1 + experiments.wished_lift)
                            ),
                            0
                        )
                    )
            else baselines.baseline_deviation
        end as treated_deviation
    from sizes
    inner join experiments on sizes.experiment = experiments.experiment
    cross join metrics
    cross join quantiles
    left join baselines
        on
            sizes.segment = baselines.segment
            and metrics.metric = baselines.metric

),

sized as (

    select
        *,
        both_quantiles
        * control_deviation
        * sqrt(1 / nullif(treated_n, 0) + 1 / nullif(control_n, 0))
            as detectable_effect,
        -- More than everybody cannot buy.
        case
            when metric = 'spend' or baseline_mean * (1 + wished_lift) <= 1
                then
                    ceil(
                        both_quantiles
                        * both_quantiles
                        * (
                            control_deviation
                            * control_deviation
                            / nullif(control_share, 0)
                            + treated_deviation
                            * treated_deviation
                            / nullif(1 - control_share, 0)
                        )
                        / nullif(wished_effect * wished_effect, 0)
                    )
        end as needed_n
    from planned

),

experiment_power as (

    select
        ---------- strings
        cast(experiment as {{ dbt.type_string() }}) as experiment,
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(metric as {{ dbt.type_string() }}) as metric,
        cast(
            case
                when baseline_mean is null or control_deviation is null
                    then
                        concat(
                            'No {{ var("activity_days") }} days are over since ',
                            'customers were seen in this segment: nothing to plan with.'
                        )
                when detectable_effect is null
                    then 'One of the arms is empty: hold out more customers.'
                when needed_n is null
                    then 'The lift wished for is more than there can be.'
                when treated_n + control_n >= needed_n
                    then 'Large enough for the lift wished for.'
                else
                    concat(
                        'Too small for the lift wished for: hold out a larger ',
                        'share, or wish for more.'
                    )
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(treated_n as {{ dbt.type_bigint() }}) as treated_count,
        cast(control_n as {{ dbt.type_bigint() }}) as control_count,
        cast(baseline_mean as {{ type_double() }}) as baseline_mean,
        cast(control_deviation as {{ type_double() }}) as baseline_deviation,
        cast(detectable_effect as {{ type_double() }}) as detectable_effect,
        cast(
            detectable_effect / nullif(abs(baseline_mean), 0) as {{ type_double() }}
        ) as detectable_lift,
        cast(wished_lift as {{ type_double() }}) as wished_lift,
        -- Beyond a thousand billion customers the number says nothing.
        cast(case when needed_n < 1e12 then needed_n end as {{ dbt.type_bigint() }})
            as needed_customer_count
    from sized

)

select * from experiment_power
