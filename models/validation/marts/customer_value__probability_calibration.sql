with

outcomes as (

    select
        target,
        predictor,
        model,
        label,
        probability
    from {{ ref("int_customer_value__probability_outcomes") }}
    where probability is not null

),

ranked as (

    select
        *,
        rank() over (partition by target, predictor, model order by probability)
            as probability_rank,
        count(*) over (partition by target, predictor, model) as observation_count
    from outcomes

),

-- Equal probabilities share a tenth, so one can be larger than the others, and those
-- after it can be missing.
tenths as (

    select
        target,
        predictor,
        model,
        label,
        probability,
        1 + floor(
            cast(10 * (probability_rank - 1) as {{ type_double() }}) / observation_count
        ) as tenth
    from ranked

),

probability_calibration as (

    select
        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,
        cast(predictor as {{ dbt.type_string() }}) as predictor,
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(tenth as {{ dbt.type_int() }}) as tenth,
        cast(count(*) as {{ dbt.type_bigint() }}) as observation_count,
        cast(min(probability) as {{ type_double() }}) as lowest_probability,
        cast(max(probability) as {{ type_double() }}) as highest_probability,
        cast({{ exact_sum("probability") }} / count(*) as {{ type_double() }})
            as mean_probability,
        cast(
            cast(sum(label) as {{ type_double() }}) / count(*) as {{ type_double() }}
        ) as outcome_rate
    from tenths
    group by target, predictor, model, tenth

)

select * from probability_calibration
