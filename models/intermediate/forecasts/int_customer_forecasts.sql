with

fit_customers as (

    select
        customer_id,
        as_of_role,
        repeat_count,
        paid_repeat_count,
        mean_repeat_value,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_fit_customers") }}

),

expected_purchases as (

    select
        as_of_role,
        model,
        repeat_count,
        customer_age_days,
        active_if_alive_90d,
        active_if_alive_holdout,
        purchases_if_alive_90d,
        purchases_if_alive_365d,
        discounted_purchases_if_alive_365d,
        purchases_if_alive_holdout
    from {{ ref("score_expected_purchases") }}

),

alive_lookup as (

    select
        as_of_role,
        model,
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        probability_alive as pareto_nbd_probability_alive
    from {{ ref("score_probability_alive") }}

),

purchase_parameters as (

    select
        as_of_role,
        model,
        {{ purchase_parameter_columns() }}
    from {{ ref("fit_purchase_models") }}
    group by as_of_role, model

),

spend_parameters as (

    select
        as_of_role,
        {{ spend_parameter_columns() }}
    from {{ ref("fit_spend_model") }}
    group by as_of_role

),

with_parameters as (

    select
        fit_customers.customer_id,
        fit_customers.repeat_count,
        fit_customers.paid_repeat_count,
        fit_customers.mean_repeat_value,
        fit_customers.last_purchase_age_days,
        fit_customers.customer_age_days,
        expected_purchases.as_of_role,
        expected_purchases.model,
        expected_purchases.active_if_alive_90d,
        expected_purchases.active_if_alive_holdout,
        expected_purchases.purchases_if_alive_90d,
        expected_purchases.purchases_if_alive_365d,
        expected_purchases.discounted_purchases_if_alive_365d,
        expected_purchases.purchases_if_alive_holdout,
        alive_lookup.pareto_nbd_probability_alive,
        purchase_parameters.r,
        purchase_parameters.alpha,
        purchase_parameters.a,
        purchase_parameters.b,
        purchase_parameters.dropout,
        spend_parameters.p,
        spend_parameters.q,
        spend_parameters.v,
        spend_parameters.mean_purchase_value
    from fit_customers
    inner join expected_purchases
        on
            fit_customers.as_of_role = expected_purchases.as_of_role
            and fit_customers.repeat_count = expected_purchases.repeat_count
            and fit_customers.customer_age_days = expected_purchases.customer_age_days
    left join alive_lookup
        on
            expected_purchases.as_of_role = alive_lookup.as_of_role
            and expected_purchases.model = alive_lookup.model
            and fit_customers.repeat_count = alive_lookup.repeat_count
            and fit_customers.last_purchase_age_days
            = alive_lookup.last_purchase_age_days
            and fit_customers.customer_age_days = alive_lookup.customer_age_days
    inner join purchase_parameters
        on
            expected_purchases.as_of_role = purchase_parameters.as_of_role
            and expected_purchases.model = purchase_parameters.model
    inner join spend_parameters
        on expected_purchases.as_of_role = spend_parameters.as_of_role

),

alive as (

    select
        *,
        {{ probability_alive() }} as probability_alive,
        {{ expected_purchase_value() }} as expected_purchase_value
    from with_parameters

),

forecasts as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        as_of_role,
        model,

        ---------- numerics
        probability_alive,
        probability_alive * active_if_alive_90d as probability_active_90d,
        probability_alive * active_if_alive_holdout as probability_active_holdout,
        probability_alive * purchases_if_alive_90d as expected_purchases_90d,
        probability_alive * purchases_if_alive_365d as expected_purchases_365d,
        probability_alive * purchases_if_alive_holdout as expected_purchases_holdout,
        expected_purchase_value,
        probability_alive
        * discounted_purchases_if_alive_365d
        * expected_purchase_value
        * {{ var("gross_margin") }} as lifetime_value_365d
    from alive

)

select * from forecasts
