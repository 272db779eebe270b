{{ config(enabled=is_on("decisions")) }}
{% call where_built() %}
-- Twelve months of the segment forecast are the 365 days of `customers`: two ways to
-- one integral, so equal but for its last digits. And each customer is in one segment,
-- and in one cell of the matrix.
with

forecasts as (

    select
        segment,
        max(customer_count) as customer_count,
        sum(expected_purchases) as expected_purchases,
        sum(discounted_margin) as discounted_margin
    from {{ ref("customer_value__segment_value_forecast") }}
    where month_ahead <= 12
    group by segment

),

customers as (

    select
        segment,
        count(*) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(expected_purchases_365d) as expected_purchases,
        sum(lifetime_value_365d) as lifetime_value
    from {{ ref("customer_value__customers") }}
    group by segment

),

cells as (

    select
        coalesce(sum(customer_count), 0) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref("customer_value__priority_matrix") }}

),

totals as (

    select
        coalesce(sum(customer_count), 0) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue
    from customers

)

select
    'segment ' || forecasts.segment as place,
    forecasts.expected_purchases as found,
    customers.expected_purchases as expected
from forecasts
left join customers on forecasts.segment = customers.segment
where
    forecasts.customer_count != coalesce(customers.customer_count, 0)
    -- Twelve months are no horizon of another length.
    or (
        {{ var("horizon_days") }} = 365
        and abs(forecasts.expected_purchases - customers.expected_purchases)
        > 1e-6 * (1 + customers.expected_purchases)
    )
    -- A learner says nothing of months.
    or (
        {{ var("horizon_days") }} = 365
        and '{{ var("value_model") }}' in ('{{ value_models_without_learner() | join("', '") }}')
        and abs(forecasts.discounted_margin - customers.lifetime_value)
        > 0.01 + 1e-6 * customers.lifetime_value
    )
union all
select
    'matrix' as place,
    cells.customer_count as found,
    totals.customer_count as expected
from cells
cross join totals
where
    cells.customer_count != totals.customer_count
    or cells.net_revenue != totals.net_revenue
{% endcall %}
