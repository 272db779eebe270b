with

customer_sample as (

    select
        customer_id,
        as_of_role,
        repeat_count,
        paid_repeat_count,
        mean_repeat_value,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_sample") }}

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
    from {{ ref("score_customer_value__expected_purchases") }}

),

alive_lookup as (

    select
        as_of_role,
        model,
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        probability_alive as pareto_nbd_probability_alive
    from {{ ref("score_customer_value__probability_alive") }}

),

purchase_parameters as (

    select
        as_of_role,
        model,
        {{ purchase_parameter_columns() }}
    from {{ ref("fit_customer_value__purchase_models") }}
    group by as_of_role, model

),

spend_parameters as (

    select
        as_of_role,
        {{ spend_parameter_columns() }}
    from {{ ref("fit_customer_value__spend_model") }}
    group by as_of_role

),

with_parameters as (

    select
        customer_sample.customer_id,
        customer_sample.repeat_count,
        customer_sample.paid_repeat_count,
        customer_sample.mean_repeat_value,
        customer_sample.last_purchase_age_days,
        customer_sample.customer_age_days,
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
    from customer_sample
    inner join expected_purchases
        on
            customer_sample.as_of_role = expected_purchases.as_of_role
            and customer_sample.repeat_count = expected_purchases.repeat_count
            and customer_sample.customer_age_days = expected_purchases.customer_age_days
    left join alive_lookup
        on
            expected_purchases.as_of_role = alive_lookup.as_of_role
            and expected_purchases.model = alive_lookup.model
            and customer_sample.repeat_count = alive_lookup.repeat_count
            and customer_sample.last_purchase_age_days
            = alive_lookup.last_purchase_age_days
            and customer_sample.customer_age_days = alive_lookup.customer_age_days
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
