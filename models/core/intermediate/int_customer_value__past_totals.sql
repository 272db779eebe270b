with

customer_days as (

    select
        customer_id,
        order_count_to_date,
        purchase_number,
        paid_repeat_count_to_date,
        net_revenue_to_date,
        repeat_spend_to_date,
        squared_days_between_purchases_to_date,
        transacted_date,
        next_transacted_date,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_days") }}
    where purchase_number > 0

),

-- A date may have several roles; a customer is seen once per date.
past_dates as (

    select
        as_of_date,
        max(case when as_of_role = 'calibration' then 1 else 0 end) = 1
            as is_calibration
    from {{ ref("int_customer_value__as_of_dates") }}
    where days_before_current > 0
    group by as_of_date

),

-- The state of a customer on a past date is that of the last day up to the date.
past_totals as (

    select
        ---------- ids
        customer_days.customer_id,

        ---------- numerics
        customer_days.order_count_to_date as order_count,
        customer_days.purchase_number as purchase_day_count,
        customer_days.paid_repeat_count_to_date as paid_repeat_count,
        customer_days.net_revenue_to_date as net_revenue,
        customer_days.repeat_spend_to_date as repeat_spend,
        customer_days.squared_days_between_purchases_to_date
            as squared_days_between_purchases,

        ---------- booleans
        past_dates.is_calibration,

        ---------- dates
        past_dates.as_of_date,
        customer_days.first_purchase_date,
        customer_days.last_purchase_date
    from customer_days
    cross join past_dates
    where {{ is_last_day_up_to("customer_days", "past_dates.as_of_date") }}

)

select * from past_totals
