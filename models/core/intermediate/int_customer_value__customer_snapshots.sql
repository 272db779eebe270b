{%- set sees_the_past = is_of_this_build("int_customer_days") %}
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
{% if sees_the_past %}
    customer_days as (

        select
            customer_id,
            order_count_to_date,
            purchase_number,
            paid_repeat_count_to_date,
            net_revenue_to_date,
            repeat_spend_to_date,
            squared_days_between_purchases_to_date,
            activity_date,
            next_activity_date,
            first_purchase_date,
            last_purchase_date
        from {{ ref("int_customer_value__customer_days") }}
        where purchase_number > 0

    ),
{% endif %}
as_of_dates as (

    select
        as_of_role,
        as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}

),

-- A date may have several roles; a customer is seen once per date.
dates as (

    select
        as_of_date,
        max(case when as_of_role = 'current' then 1 else 0 end) = 1 as is_current,
        max(case when as_of_role = 'calibration' then 1 else 0 end) = 1
            as is_calibration
    from as_of_dates
    group by as_of_date

),

-- Today all days count; a purchase on the as-of date does.
totals as (

    select
        cast(customer_totals.customer_id as {{ dbt.type_string() }}) as customer_id,
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
        dates.as_of_date
    from customer_totals
    cross join dates
    where dates.is_current
    {% if sees_the_past %}
        union all
        -- What was true of a customer on a past date is what the last day by then says.
        select
            customer_days.customer_id,
            customer_days.order_count_to_date as order_count,
            customer_days.purchase_number as purchase_day_count,
            customer_days.paid_repeat_count_to_date as paid_repeat_count,
            customer_days.net_revenue_to_date as net_revenue,
            customer_days.repeat_spend_to_date as repeat_spend,
            customer_days.squared_days_between_purchases_to_date
                as squared_days_between_purchases,
            customer_days.first_purchase_date,
            customer_days.last_purchase_date,
            false as is_current,
            dates.is_calibration,
            dates.as_of_date
        from customer_days
        cross join dates
        -- As one condition: of two, planners expect so few rows that whoever asks for
        -- some customers only would get theirs picked out of everybody's dates.
        where
            not dates.is_current
            and case
                when customer_days.activity_date <= dates.as_of_date
                    then coalesce(
                        customer_days.next_activity_date, cast('9999-12-31' as date)
                    ) > dates.as_of_date
                else false
            end
    {% endif %}
),

measured as (

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

spacing as (

    select
        *,
        cast(last_purchase_age_days as {{ type_double() }})
        / nullif(repeat_count, 0) as mean_days_between_purchases
    from measured

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
    from spacing

)

select * from snapshots
