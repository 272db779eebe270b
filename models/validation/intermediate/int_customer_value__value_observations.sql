{{ config(materialized="table") }}

-- Only the label looks past the date of the features. Counts go back as many days
-- from either date: totals to date would be larger on the later one, and a learner
-- would take that for better customers.
with

value_dates as (

    select
        as_of_role,
        window_days,
        target_days,
        lookback_days,
        discount_per_day,
        value_per_spend,
        as_of_date,
        training_date
    from {{ ref("int_customer_value__value_dates") }}

),

customer_sample as (

    select
        customer_id,
        as_of_role,
        first_purchase_date
    from {{ ref("int_customer_value__customer_sample") }}

),

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

purchase_days as (

    select
        customer_id,
        spend,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

-- The learners are trained and tested on the sample of the fits; a lifetime value is
-- predicted for everybody.
wanted as (

    select
        'training' as fold,
        customer_sample.customer_id,
        value_dates.as_of_role,
        value_dates.lookback_days,
        value_dates.training_date as as_of_date
    from customer_sample
    inner join value_dates
        on
            customer_sample.as_of_role = value_dates.as_of_role
            and customer_sample.first_purchase_date <= value_dates.training_date
    union all
    select
        'test' as fold,
        customer_sample.customer_id,
        value_dates.as_of_role,
        value_dates.lookback_days,
        value_dates.as_of_date
    from customer_sample
    inner join value_dates on customer_sample.as_of_role = value_dates.as_of_role
    where customer_sample.as_of_role = 'calibration'
    {% if var("value_model") not in value_models_without_learner() -%}
        union all
        select
            'current' as fold,
            customer_days.customer_id,
            value_dates.as_of_role,
            value_dates.lookback_days,
            value_dates.as_of_date
        from customer_days
        cross join value_dates
        where
            customer_days.transacted_date = customer_days.first_purchase_date
            and customer_days.first_purchase_date <= value_dates.as_of_date
            and value_dates.as_of_role = 'current'
    {%- endif %}

),

-- What was true of a customer on a date is what their last day up to it says.
last_days as (

    select
        wanted.customer_id,
        wanted.fold,
        wanted.as_of_role,
        wanted.as_of_date,
        customer_days.purchase_number - 1 as gap_count,
        customer_days.squared_days_between_purchases_to_date,
        customer_days.order_count_to_date
        - coalesce(earlier_days.order_count_to_date, 0) as order_count,
        customer_days.purchase_number
        - coalesce(earlier_days.purchase_number, 1) as repeat_count,
        customer_days.net_revenue_to_date
        - coalesce(earlier_days.net_revenue_to_date, 0) as net_revenue,
        cast(customer_days.net_revenue_to_date as {{ type_double() }})
        / nullif(customer_days.order_count_to_date, 0) as average_order_value,
        cast(customer_days.repeat_spend_to_date as {{ type_double() }})
        / nullif(customer_days.paid_repeat_count_to_date, 0) as mean_repeat_value,
        {{ date_diff_days("customer_days.last_purchase_date", "wanted.as_of_date") }}
            as recency_days,
        {{ date_diff_days("customer_days.first_purchase_date", "wanted.as_of_date") }}
            as customer_age_days,
        cast(
            {{ date_diff_days(
                "customer_days.first_purchase_date",
                "customer_days.last_purchase_date"
            ) }} as {{ type_double() }}
        ) as last_purchase_age_days
    from wanted
    inner join customer_days
        on
            wanted.customer_id = customer_days.customer_id
            and wanted.as_of_date >= customer_days.transacted_date
            and coalesce(
                customer_days.next_transacted_date, cast('9999-12-31' as date)
            ) > wanted.as_of_date
    left join customer_days as earlier_days
        on
            wanted.customer_id = earlier_days.customer_id
            and {{ date_add_days(
                "wanted.as_of_date", "-1 * wanted.lookback_days"
            ) }} >= earlier_days.transacted_date
            and coalesce(
                earlier_days.next_transacted_date, cast('9999-12-31' as date)
            ) > {{ date_add_days("wanted.as_of_date", "-1 * wanted.lookback_days") }}

),

trends as (

    select
        wanted.customer_id,
        wanted.fold,
        wanted.as_of_role,
        {{ purchase_trend_columns("wanted.as_of_date") }}
    from wanted
    inner join purchase_days
        on
            wanted.customer_id = purchase_days.customer_id
            and wanted.as_of_date >= purchase_days.purchase_date
            and {{ date_add_days(
                "wanted.as_of_date",
                "-1 * least(wanted.lookback_days, " ~ 2 * var("activity_days") ~ ")"
            ) }} < purchase_days.purchase_date
    group by wanted.customer_id, wanted.fold, wanted.as_of_role

),

spacing as (

    select
        *,
        last_purchase_age_days / nullif(gap_count, 0) as mean_days_between_purchases
    from last_days

),

measured as (

    select
        spacing.*,
        value_dates.window_days,
        value_dates.target_days,
        trends.recent_purchase_count,
        trends.recent_spend,
        trends.previous_purchase_count,
        trends.previous_spend,
        {{ days_between_purchases_cv(
            "spacing.gap_count",
            "spacing.squared_days_between_purchases_to_date",
            "spacing.",
        ) }} as days_between_purchases_cv
    from spacing
    inner join value_dates on spacing.as_of_role = value_dates.as_of_role
    left join trends
        on
            spacing.customer_id = trends.customer_id
            and spacing.fold = trends.fold
            and spacing.as_of_role = trends.as_of_role

),

labels as (

    select
        customer_sample.customer_id,
        customer_sample.as_of_role,
        {{ exact_sum(
            "purchase_days.spend * exp(-1 * value_dates.discount_per_day * "
            ~ date_diff_days("value_dates.training_date", "purchase_days.purchase_date")
            ~ ")"
        ) }} * max(value_dates.value_per_spend) as value
    from customer_sample
    inner join value_dates on customer_sample.as_of_role = value_dates.as_of_role
    inner join purchase_days
        on
            customer_sample.customer_id = purchase_days.customer_id
            and value_dates.training_date < purchase_days.purchase_date
            and value_dates.as_of_date >= purchase_days.purchase_date
    group by customer_sample.customer_id, customer_sample.as_of_role

),

observations as (

    select
        ---------- ids
        measured.customer_id,

        ---------- strings
        measured.as_of_role,
        measured.fold,

        ---------- numerics
        {{ purchase_feature_columns() }},
        case when measured.fold = 'training' then coalesce(labels.value, 0) end
            as value,
        measured.window_days,
        measured.target_days,
        {{ score_batch(
            "measured.customer_id",
            "count(*) over (partition by measured.as_of_role, measured.fold)"
        ) }} as batch_number,

        ---------- dates
        measured.as_of_date
    from measured
    left join labels
        on
            measured.customer_id = labels.customer_id
            and measured.as_of_role = labels.as_of_role

)

select * from observations
