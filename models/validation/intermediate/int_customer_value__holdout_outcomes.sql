with

customer_sample as (

    select
        customer_id,
        as_of_date
    from {{ ref("int_customer_value__customer_sample") }}
    where as_of_role = 'calibration'

),

as_of_dates as (

    select
        as_of_date,
        days_before_current
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'calibration'

),

purchase_days as (

    select
        customer_id,
        spend,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

-- A purchase on the calibration date is history, not holdout.
holdout_purchases as (

    select
        purchase_days.customer_id,
        count(*) as actual_purchases,
        sum(purchase_days.spend) as actual_revenue,
        min(
            {{ date_diff_days(
                "as_of_dates.as_of_date", "purchase_days.purchase_date"
            ) }}
        ) as days_to_next_purchase
    from purchase_days
    inner join as_of_dates on purchase_days.purchase_date > as_of_dates.as_of_date
    group by purchase_days.customer_id

),

-- What happened in as many days up to the calibration date, for the rule that it will
-- happen again.
last_window_purchases as (

    select
        purchase_days.customer_id,
        count(*) as last_window_purchases,
        sum(purchase_days.spend) as last_window_revenue
    from purchase_days
    inner join as_of_dates on purchase_days.purchase_date <= as_of_dates.as_of_date
    where
        {{ date_diff_days(
            "purchase_days.purchase_date", "as_of_dates.as_of_date"
        ) }} < as_of_dates.days_before_current
    group by purchase_days.customer_id

),

outcomes as (

    select
        ---------- ids
        customer_sample.customer_id,

        ---------- numerics
        cast(coalesce(holdout_purchases.actual_purchases, 0) as bigint)
            as actual_purchases,
        cast(coalesce(holdout_purchases.actual_revenue, 0) as {{ type_money() }})
            as actual_revenue,
        cast(coalesce(last_window_purchases.last_window_purchases, 0) as bigint)
            as last_window_purchases,
        cast(
            coalesce(last_window_purchases.last_window_revenue, 0)
            as {{ type_money() }}
        ) as last_window_revenue,
        as_of_dates.days_before_current as holdout_days,

        ---------- booleans
        coalesce(
            holdout_purchases.days_to_next_purchase <= {{ var("activity_days") }},
            false
        ) as is_active
    from customer_sample
    inner join as_of_dates on customer_sample.as_of_date = as_of_dates.as_of_date
    left join holdout_purchases
        on customer_sample.customer_id = holdout_purchases.customer_id
    left join last_window_purchases
        on customer_sample.customer_id = last_window_purchases.customer_id

)

select * from outcomes
