with

scores as (

    select
        target,
        model,
        label,
        probability
    from {{ ref("int_customer_value__propensity_scores") }}
    where propensity_role = 'test'

),

-- Equal probabilities share a bin.
binned as (

    select
        target,
        model,
        label,
        probability,
        cast(
            floor(
                10.0
                * (rank() over (partition by target, model order by probability) - 1)
                / count(*) over (partition by target, model)
            ) as {{ dbt.type_int() }}
        ) + 1 as calibration_bin
    from scores

),

propensity_calibration as (

    select
        ---------- strings
        cast(target as {{ dbt.type_string() }}) as target,
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(calibration_bin as {{ dbt.type_int() }}) as calibration_bin,
        cast(count(*) as {{ dbt.type_bigint() }}) as observation_count,
        cast(min(probability) as {{ type_double() }}) as lowest_probability,
        cast(max(probability) as {{ type_double() }}) as highest_probability,
        cast({{ exact_sum("probability") }} / count(*) as {{ type_double() }})
            as mean_probability,
        cast(
            cast(sum(label) as {{ type_double() }}) / count(*) as {{ type_double() }}
        ) as outcome_rate
    from binned
    group by target, model, calibration_bin

)

select * from propensity_calibration
