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
        customer_id,
        variant,
        segment
    from {{ ref("customer_value__experiment_assignments") }}

),

customers as (

    select
        customer_id,
        cast(purchase_propensity_90d as {{ type_double() }}) as purchase_propensity
    from {{ ref("customer_value__customers") }}

),

baselines as (

    select
        segment,
        metric,
        baseline_mean,
        baseline_deviation,
        buyer_mean,
        buyer_square_mean
    from {{ ref("int_customer_value__experiment_baselines") }}

),

quantiles as (

    select critical_value as detectable_error_count
    from {{ ref("compare_customer_value__experiment_arms") }}
    where estimator = 'plan'

),

by_segment as (

    select
        assignments.experiment,
        assignments.segment,
        assignments.variant,
        customers.purchase_propensity
    from assignments
    left join customers on assignments.customer_id = customers.customer_id
    union all
    select
        assignments.experiment,
        'all' as segment,
        assignments.variant,
        customers.purchase_propensity
    from assignments
    left join customers on assignments.customer_id = customers.customer_id

),

sizes as (

    select
        experiment,
        segment,
        cast(
            sum(case when variant = 'treatment' then 1 else 0 end)
            as {{ type_double() }}
        ) as treated_count,
        cast(
            sum(case when variant = 'treatment' then 0 else 1 end)
            as {{ type_double() }}
        ) as control_count,
        -- An audience was chosen because it buys more than its segments do.
        case
            when
                experiment
                = {{ quoted_text(var("campaign_experiment")) }}
                and count(purchase_propensity) = count(*)
                then {{ exact_sum("purchase_propensity") }} / count(*)
        end as propensity
    from by_segment
    group by experiment, segment

),

metrics as (

    select 'purchase_rate' as metric
    union all
    select 'spend' as metric

),

planned_means as (

    select
        sizes.experiment,
        sizes.segment,
        baselines.metric,
        coalesce(sizes.propensity * baselines.buyer_mean, baselines.baseline_mean)
            as baseline_mean,
        case
            when sizes.propensity * baselines.buyer_mean is null
                then baselines.baseline_deviation
            else
                sqrt(
                    greatest(
                        sizes.propensity * baselines.buyer_square_mean
                        - power(sizes.propensity * baselines.buyer_mean, 2),
                        0
                    )
                )
        end as baseline_deviation
    from sizes
    inner join baselines on sizes.segment = baselines.segment

),

planned as (

    select
        sizes.*,
        metrics.metric,
        experiments.control_share,
        experiments.wished_lift,
        planned_means.baseline_mean,
        planned_means.baseline_deviation,
        planned_means.baseline_mean * (1 + experiments.wished_lift) as wished_mean,
        quantiles.detectable_error_count
    from sizes
    inner join experiments on sizes.experiment = experiments.experiment
    cross join metrics
    cross join quantiles
    left join planned_means
        on
            sizes.experiment = planned_means.experiment
            and sizes.segment = planned_means.segment
            and metrics.metric = planned_means.metric

),

-- A rate that rises has another variance. Of money, the variance is taken to stay.
deviations as (

    select
        *,
        case
            when metric = 'purchase_rate'
                then sqrt(baseline_mean * (1 - baseline_mean))
            else baseline_deviation
        end as control_deviation,
        case
            when metric = 'purchase_rate'
                then sqrt(greatest(wished_mean * (1 - wished_mean), 0))
            else baseline_deviation
        end as treated_deviation
    from planned

),

sized as (

    select
        *,
        detectable_error_count
        * control_deviation
        * sqrt(1 / nullif(treated_count, 0) + 1 / nullif(control_count, 0))
            as detectable_effect,
        -- A rate above 1 cannot be.
        case
            when metric = 'spend' or wished_mean <= 1
                then
                    ceil(
                        power(detectable_error_count, 2)
                        * (
                            power(control_deviation, 2) / nullif(control_share, 0)
                            + power(treated_deviation, 2)
                            / nullif(1 - control_share, 0)
                        )
                        / nullif(power(baseline_mean * wished_lift, 2), 0)
                    )
        end as needed_customer_count
    from deviations

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
                when needed_customer_count is null
                    then 'The wished lift is more than is possible.'
                when treated_count + control_count >= needed_customer_count
                    then 'Large enough for the wished lift.'
                else
                    concat(
                        'Too small for the wished lift: hold out a larger ',
                        'share, or wish for more.'
                    )
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(treated_count as {{ dbt.type_bigint() }}) as treated_count,
        cast(control_count as {{ dbt.type_bigint() }}) as control_count,
        cast(baseline_mean as {{ type_double() }}) as baseline_mean,
        cast(control_deviation as {{ type_double() }}) as baseline_deviation,
        cast(detectable_effect as {{ type_double() }}) as detectable_effect,
        cast(
            detectable_effect / nullif(abs(baseline_mean), 0) as {{ type_double() }}
        ) as detectable_lift,
        cast(wished_lift as {{ type_double() }}) as wished_lift,
        -- Beyond a million million customers the number is meaningless.
        cast(
            case when needed_customer_count < 1e12 then needed_customer_count end
            as {{ dbt.type_bigint() }}
        ) as needed_customer_count
    from sized

)

select * from experiment_power
