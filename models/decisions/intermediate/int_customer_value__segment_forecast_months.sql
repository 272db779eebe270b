{{ config(materialized="table") }}

with

customer_scores as (

    select
        customer_id,
        segment,
        repeat_count,
        customer_age_days
    from {{ ref("int_customer_value__customer_scores") }}
    where is_current

),

customer_forecasts as (

    select
        customer_id,
        {{ "fit_role," if fits_groups() }}
        probability_alive,
        purchases_factor,
        expected_purchase_value,
        margin_share
    from {{ ref("int_customer_value__customer_forecasts") }}

),

monthly_purchases as (

    select
        {{ "fit_role," if fits_groups() }}
        repeat_count,
        customer_age_days,
        month_ahead,
        alive_if_alive,
        active_if_alive,
        active_so_far_if_alive,
        purchases_if_alive,
        discounted_purchases_if_alive
    from {{ ref("int_customer_value__monthly_purchases") }}

),

forecasts_with_segment as (

    select
        customer_scores.segment,
        customer_scores.repeat_count,
        customer_scores.customer_age_days,
        {{ "customer_forecasts.fit_role," if fits_groups() }}
        customer_forecasts.probability_alive,
        customer_forecasts.purchases_factor,
        customer_forecasts.expected_purchase_value,
        customer_forecasts.margin_share
    from customer_scores
    inner join customer_forecasts
        on customer_scores.customer_id = customer_forecasts.customer_id

),

patterns as (

    select
        segment,
        {{ value_pattern_columns() }}
    from forecasts_with_segment
    group by
        segment,
        {{ "fit_role," if fits_groups() }}
        repeat_count,
        customer_age_days

),

segment_months as (

    {{ expected_months("patterns", ["segment"]) }}

)

select * from segment_months
