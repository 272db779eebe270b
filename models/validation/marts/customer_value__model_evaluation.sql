with

forecast_metrics as (

    select *
    from {{ ref("int_customer_value__forecast_metrics") }}
    where forecast_role = 'calibration'

),

-- The learner that the customers' lifetime value is from, where one is.
value_models as (

    select model as value_model
    from {{ ref("fit_customer_value__value_learners") }}
    where as_of_role = 'current' and row_kind = 'finding' and is_estimated

),

with_value_model as (

    select
        forecast_metrics.*,
        coalesce(value_models.value_model, '{{ forecast_in_use() }}') as value_model
    from forecast_metrics
    left join value_models on 1 = 1

),

model_evaluation as (

    select
        ---------- strings
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(actual_purchases as {{ type_double() }}) as actual_purchases,
        cast(predicted_purchases as {{ type_double() }}) as predicted_purchases,
        cast(bias_share as {{ type_double() }}) as bias_share,
        cast(mae as {{ type_double() }}) as mae,
        cast(rmse as {{ type_double() }}) as rmse,
        cast(spearman as {{ type_double() }}) as spearman,
        cast(gini_normalised as {{ type_double() }}) as gini_normalised,
        cast(top_decile_lift as {{ type_double() }}) as top_decile_lift,
        cast(actual_revenue as {{ type_money() }}) as actual_revenue,
        cast(predicted_revenue as {{ type_money() }}) as predicted_revenue,
        cast(revenue_bias_share as {{ type_double() }}) as revenue_bias_share,
        cast(revenue_mae as {{ type_double() }}) as revenue_mae,
        cast(revenue_rmse as {{ type_double() }}) as revenue_rmse,
        cast(revenue_spearman as {{ type_double() }}) as revenue_spearman,
        cast(revenue_gini_normalised as {{ type_double() }}) as revenue_gini_normalised,
        cast(revenue_top_decile_lift as {{ type_double() }}) as revenue_top_decile_lift,

        ---------- booleans
        is_baseline,
        model = '{{ forecast_in_use() }}' as is_selected,
        model = value_model as is_value_selected
    from with_value_model

)

select * from model_evaluation
