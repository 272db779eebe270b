with

customer_values as (

    select
        customer_id,
        segment,
        repeat_count,
        paid_repeat_count,
        mean_repeat_value,
        last_purchase_age_days,
        customer_age_days,
        expected_purchases_365d,
        expected_purchase_value,
        lifetime_value_365d
    from {{ ref("int_customer_value__customer_values") }}
    where is_current

),

customer_sample as (

    select customer_id
    from {{ ref("int_customer_value__customer_sample") }}
    where as_of_role = 'current'

),

populations as (

    select customer_count
    from {{ ref("int_customer_value__populations") }}
    where as_of_role = 'current'

),

forecast_sample as (

    select
        ---------- ids
        customer_values.customer_id,

        ---------- strings
        customer_values.segment,

        ---------- numerics
        customer_values.repeat_count,
        customer_values.paid_repeat_count,
        customer_values.mean_repeat_value,
        customer_values.last_purchase_age_days,
        customer_values.customer_age_days,
        -- What a unit of undiscounted spend is worth: discount and margin.
        coalesce(
            customer_values.lifetime_value_365d / nullif(
                customer_values.expected_purchases_365d
                * customer_values.expected_purchase_value,
                0
            ),
            0
        ) as value_per_spend,
        populations.customer_count as population_customer_count
    from customer_values
    inner join customer_sample
        on customer_values.customer_id = customer_sample.customer_id
    cross join populations

)

select * from forecast_sample
