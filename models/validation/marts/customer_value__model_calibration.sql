with

forecasts as (

    select
        model,
        case
            when repeat_count >= 7 then '7+'
            else cast(repeat_count as {{ dbt.type_string() }})
        end as repeat_count_bin,
        predicted_purchases,
        actual_purchases
    from {{ ref("int_customer_value__holdout_forecasts") }}
    where forecast_role = 'calibration' and predicted_purchases is not null

),

model_calibration as (

    select
        ---------- strings
        cast(model as {{ dbt.type_string() }}) as model,
        cast(repeat_count_bin as {{ dbt.type_string() }}) as repeat_count_bin,

        ---------- numerics
        cast(count(*) as {{ dbt.type_bigint() }}) as customer_count,
        cast(
            cast(sum(actual_purchases) as {{ type_double() }}) / count(*)
            as {{ type_double() }}
        ) as actual_mean,
        cast({{ exact_sum("predicted_purchases") }} / count(*) as {{ type_double() }})
            as predicted_mean
    from forecasts
    group by model, repeat_count_bin

)

select * from model_calibration
