with

holdout as (

    select
        subscription_group,
        renewals_paid,
        renewals_due,
        renewals_kept,
        payment_amount
    from {{ ref("int_customer_value__subscription_holdout") }}

),

renewal_lookup as (

    select
        subscription_group,
        model,
        renewals_paid,
        renewals_ahead,
        survival,
        expected_renewals,
        is_selected
    from {{ ref("score_customer_value__renewals") }}
    where as_of_role = 'calibration'

),

-- The model that each group would have used on the calibration date is a row by itself.
forecasts as (

    select
        subscription_group,
        model,
        renewals_paid,
        renewals_ahead,
        survival,
        expected_renewals
    from renewal_lookup
    union all
    select
        subscription_group,
        'selected' as model,
        renewals_paid,
        renewals_ahead,
        survival,
        expected_renewals
    from renewal_lookup
    where is_selected

),

-- Doubles are summed as decimals, in whatever order the rows come.
sums as (

    select
        forecasts.model,
        count(*) as subscriber_count,
        sum(holdout.renewals_due) as renewals_due,
        sum(holdout.renewals_kept) as actual_renewals,
        {{ exact_sum("forecasts.expected_renewals") }} as predicted_renewals,
        {{ exact_sum("holdout.renewals_kept * holdout.payment_amount") }}
            as actual_revenue,
        {{ exact_sum("forecasts.expected_renewals * holdout.payment_amount") }}
            as predicted_revenue,
        sum(case when holdout.renewals_kept = holdout.renewals_due then 1 else 0 end)
            as actual_survivors,
        {{ exact_sum("forecasts.survival") }} as predicted_survivors,
        {{ exact_sum(
            "abs(forecasts.expected_renewals - holdout.renewals_kept)"
        ) }} as absolute_error
    from holdout
    inner join forecasts
        on
            holdout.subscription_group = forecasts.subscription_group
            and holdout.renewals_paid = forecasts.renewals_paid
            and holdout.renewals_due = forecasts.renewals_ahead
    group by forecasts.model

),

subscription_evaluation as (

    select
        ---------- strings
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(subscriber_count as {{ dbt.type_bigint() }}) as subscriber_count,
        cast(renewals_due as {{ dbt.type_bigint() }}) as renewals_due,
        cast(actual_renewals as {{ dbt.type_bigint() }}) as actual_renewals,
        cast(predicted_renewals as {{ type_double() }}) as predicted_renewals,
        cast(predicted_renewals / nullif(actual_renewals, 0) - 1 as {{ type_double() }})
            as bias_share,
        cast(absolute_error / subscriber_count as {{ type_double() }}) as mae,
        cast(actual_survivors as {{ dbt.type_bigint() }}) as actual_survivors,
        cast(predicted_survivors as {{ type_double() }}) as predicted_survivors,
        cast(
            predicted_survivors / nullif(actual_survivors, 0) - 1 as {{ type_double() }}
        ) as survivor_bias_share,
        cast(actual_revenue as {{ type_money() }}) as actual_revenue,
        cast(predicted_revenue as {{ type_money() }}) as predicted_revenue,
        cast(predicted_revenue / nullif(actual_revenue, 0) - 1 as {{ type_double() }})
            as revenue_bias_share,

        ---------- booleans
        model in ('geometric', 'last_retention') as is_baseline
    from sums

)

select * from subscription_evaluation
