with

scores as (

    select
        target,
        model,
        observation_id,
        label,
        probability
    from {{ ref("int_customer_value__propensity_scores") }}
    where fold = 'test'

),

ranked as (

    select
        target,
        model,
        label,
        probability,
        row_number() over (
            partition by target, model order by probability desc, observation_id asc
        ) as probability_rank,
        count(*) over (partition by target, model) as observation_count
    from scores

),

deciles as (

    select
        target,
        model,
        label,
        probability,
        cast(
            floor(10.0 * (probability_rank - 1) / observation_count)
            as {{ dbt.type_int() }}
        ) + 1 as decile
    from ranked

),

counted as (

    select
        target,
        model,
        decile,
        count(*) as observation_count,
        sum(label) as outcome_count,
        {{ exact_sum("probability") }} / count(*) as mean_probability
    from deciles
    group by target, model, decile

),

cumulative as (

    select
        *,
        cast(
            sum(outcome_count) over (
                partition by target, model
                order by decile
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as cumulative_outcomes,
        cast(
            sum(observation_count) over (
                partition by target, model
                order by decile
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as cumulative_observations,
        cast(
            sum(outcome_count) over (partition by target, model) as {{ type_double() }}
        ) as all_outcomes,
        sum(observation_count) over (partition by target, model) as all_observations
    from counted

),

propensity_gains as (

    select
        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(decile as {{ dbt.type_int() }}) as decile,
        cast(observation_count as {{ dbt.type_bigint() }}) as observation_count,
        cast(outcome_count as {{ dbt.type_bigint() }}) as outcome_count,
        cast(mean_probability as {{ type_double() }}) as mean_probability,
        cast(
            cast(outcome_count as {{ type_double() }}) / observation_count
            as {{ type_double() }}
        ) as outcome_rate,
        cast(cumulative_outcomes / nullif(all_outcomes, 0) as {{ type_double() }})
            as cumulative_outcome_share,
        cast(
            (cumulative_outcomes / cumulative_observations)
            / nullif(all_outcomes / all_observations, 0) as {{ type_double() }}
        ) as cumulative_lift
    from cumulative

)

select * from propensity_gains
