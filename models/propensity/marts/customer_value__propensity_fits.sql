with

fitted as (

    select
        target,
        model,
        finding
    from {{ ref("fit_customer_value__propensity") }}
    where kind = 'finding'

),

test_scores as (

    select
        target,
        probability
    from {{ ref("int_customer_value__propensity_scores") }}
    where fold = 'test' and is_selected

),

sample_rows as (

    select
        target,
        -- The scaling fold is a part of the observations for training.
        case when fold = 'test' then 'test' else 'training' end as fold,
        label,
        sample_weight,
        as_of_date
    from {{ ref("int_customer_value__propensity_sample") }}

),

counted as (

    select
        {% for fold in ["training", "test"] %}
            sum(case when fold = '{{ fold }}' then 1 else 0 end)
                as {{ fold }}_observation_count,
            sum(case when fold = '{{ fold }}' then label else 0 end)
                as {{ fold }}_outcome_count,
            sum(case when fold = '{{ fold }}' then sample_weight * label end)
            / sum(case when fold = '{{ fold }}' then sample_weight end)
                as {{ fold }}_outcome_share,
            min(case when fold = '{{ fold }}' then as_of_date end)
                as first_{{ fold }}_date,
            max(case when fold = '{{ fold }}' then as_of_date end)
                as last_{{ fold }}_date,
        {% endfor %}
        target
    from sample_rows
    group by target

),

test_levels as (

    select
        target,
        {{ exact_sum("probability") }} / count(*) as mean_probability
    from test_scores
    group by target

),

propensity_fits as (

    select
        ---------- strings
        cast(fitted.target as {{ dbt.type_string() }}) as target,
        cast(fitted.model as {{ dbt.type_string() }}) as model,
        cast(fitted.finding as {{ dbt.type_string() }}) as finding,

        ---------- numerics
        {% for fold in ["training", "test"] %}
            cast(
                coalesce(counted.{{ fold }}_observation_count, 0)
                as {{ dbt.type_bigint() }}
            ) as {{ fold }}_observation_count,
            cast(
                coalesce(counted.{{ fold }}_outcome_count, 0)
                as {{ dbt.type_bigint() }}
            ) as {{ fold }}_outcome_count,
            cast(counted.{{ fold }}_outcome_share as {{ type_double() }})
                as {{ fold }}_outcome_share,
        {% endfor %}
        cast(test_levels.mean_probability as {{ type_double() }})
            as test_mean_probability,

        ---------- dates
        cast(counted.first_training_date as date) as first_training_date,
        cast(counted.last_training_date as date) as last_training_date,
        cast(counted.first_test_date as date) as first_test_date,
        cast(counted.last_test_date as date) as last_test_date
    from fitted
    left join counted on fitted.target = counted.target
    left join test_levels on fitted.target = test_levels.target

)

select * from propensity_fits
