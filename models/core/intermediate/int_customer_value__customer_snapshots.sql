with

customer_totals as (

    select
        customer_id,
        order_count,
        purchase_day_count,
        paid_repeat_count,
        net_revenue,
        repeat_spend,
        squared_days_between_purchases,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_totals") }}

),
{% if looks_back() %}
    past_totals as (

        select
            customer_id,
            order_count,
            purchase_day_count,
            paid_repeat_count,
            net_revenue,
            repeat_spend,
            squared_days_between_purchases,
            is_calibration,
            as_of_date,
            first_purchase_date,
            last_purchase_date
        from {{ ref("int_customer_value__past_totals") }}

    ),
{% endif %}
current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

totals as (

    select
        customer_totals.customer_id,
        customer_totals.order_count,
        customer_totals.purchase_day_count,
        customer_totals.paid_repeat_count,
        customer_totals.net_revenue,
        customer_totals.repeat_spend,
        customer_totals.squared_days_between_purchases,
        customer_totals.first_purchase_date,
        customer_totals.last_purchase_date,
        true as is_current,
        false as is_calibration,
        current_dates.as_of_date
    from customer_totals
    cross join current_dates
    {% if looks_back() %}
        union all
        select
            customer_id,
            order_count,
            purchase_day_count,
            paid_repeat_count,
            net_revenue,
            repeat_spend,
            squared_days_between_purchases,
            first_purchase_date,
            last_purchase_date,
            false as is_current,
            is_calibration,
            as_of_date
        from past_totals
    {% endif %}
),

with_ages as (

    select
        *,
        purchase_day_count - 1 as repeat_count,
        cast(
            {{ date_diff_days("last_purchase_date", "as_of_date") }} as bigint
        ) as recency_days,
        cast(
            {{ date_diff_days("first_purchase_date", "last_purchase_date") }} as bigint
        ) as last_purchase_age_days,
        cast(
            {{ date_diff_days("first_purchase_date", "as_of_date") }} as bigint
        ) as customer_age_days
    from totals

),

with_spacing as (

    select
        *,
        cast(last_purchase_age_days as {{ type_double() }})
        / nullif(repeat_count, 0) as mean_days_between_purchases
    from with_ages

),

snapshots as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        order_count,
        purchase_day_count,
        repeat_count,
        paid_repeat_count,
        net_revenue,
        cast(repeat_spend as {{ type_double() }})
        / nullif(paid_repeat_count, 0) as mean_repeat_value,
        cast(net_revenue as {{ type_double() }})
        / nullif(order_count, 0) as average_order_value,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        mean_days_between_purchases,
        {{ days_between_purchases_cv(
            "repeat_count", "squared_days_between_purchases"
        ) }} as days_between_purchases_cv,

        ---------- booleans
        is_current,
        is_calibration,

        ---------- dates
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from with_spacing

)

select * from snapshots
