{{ config(materialized="table") }}

-- What the factors of all customers together add, so that the total stays that of the
-- base model: the level is its own, the correction's is the shape.
with

forecast_factors as (

    select
        forecast_role,
        purchases_factor,
        revenue_factor,
        shrunk_purchase_value,
        expected_purchases_365d
    from {{ ref("int_customer_value__forecast_factors") }}
    where not is_history

),

sums as (

    select
        forecast_role,
        {{ exact_sum("expected_purchases_365d") }} as purchases,
        {{ exact_sum("expected_purchases_365d * purchases_factor") }}
            as corrected_purchases,
        {{ exact_sum("expected_purchases_365d * shrunk_purchase_value") }} as revenue,
        {{ exact_sum(
            "expected_purchases_365d * shrunk_purchase_value * revenue_factor"
        ) }} as corrected_revenue
    from forecast_factors
    group by forecast_role

),

correction_constants as (

    select
        ---------- strings
        forecast_role,

        ---------- numerics
        coalesce(purchases / nullif(corrected_purchases, 0), 1) as purchases_constant,
        coalesce(revenue / nullif(corrected_revenue, 0), 1) as revenue_constant
    from sums

)

select * from correction_constants
