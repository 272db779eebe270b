with

forecasts as (

    select
        model,
        probability_alive,
        probability_active,
        case when is_active then 1 else 0 end as active
    from {{ ref("int_customer_value__holdout_forecasts") }}
    where model in ('bg_nbd', 'mbg_nbd', 'pareto_nbd')

),

predictions as (

    select
        'probability_active_90d' as predictor,
        model,
        probability_active as probability,
        active
    from forecasts
    union all
    select
        'probability_alive' as predictor,
        model,
        probability_alive as probability,
        active
    from forecasts

),

ranked as (

    select
        predictor,
        model,
        probability,
        active,
        rank() over (partition by predictor, model order by probability)
            as probability_rank,
        count(*) over (partition by predictor, model) as customer_count
    from predictions

),

-- Tenths of the customers; equal probabilities share a bin, so a bin may be larger than
-- a tenth and the next ones may be missing.
binned as (

    select
        predictor,
        model,
        probability,
        active,
        1 + floor(
            cast(10 * (probability_rank - 1) as {{ type_double() }}) / customer_count
        ) as bin
    from ranked

),

activity_reliability as (

    select
        ---------- strings
        cast(predictor as {{ dbt.type_string() }}) as predictor,
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(bin as {{ dbt.type_int() }}) as bin,
        cast(count(*) as {{ dbt.type_bigint() }}) as customer_count,
        cast(min(probability) as {{ type_double() }}) as lowest_probability,
        cast(max(probability) as {{ type_double() }}) as highest_probability,
        cast({{ exact_sum("probability") }} / count(*) as {{ type_double() }})
            as mean_probability,
        cast(
            cast(sum(active) as {{ type_double() }}) / count(*) as {{ type_double() }}
        ) as active_share
    from binned
    group by predictor, model, bin

)

select * from activity_reliability
