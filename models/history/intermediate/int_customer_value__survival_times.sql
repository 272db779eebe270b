{{ config(materialized="table") }}

with

purchase_days as (

    select
        customer_id,
        spend,
        purchase_number,
        days_since_previous_purchase,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

threshold as (

    select lapse_after_days
    from {{ ref("int_customer_value__lapse_threshold") }}

),

current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

-- The purchase before the first gap that is too long is the earliest of the purchases
-- before any such gap.
spans as (

    select
        purchase_days.customer_id,
        max(threshold.lapse_after_days) as lapse_after_days,
        min(purchase_days.purchase_date) as first_purchase_date,
        max(purchase_days.purchase_date) as last_purchase_date,
        max(
            case when purchase_days.purchase_number = 1 then purchase_days.spend end
        ) as first_spend,
        max(
            case
                when purchase_days.purchase_number = 2
                    then purchase_days.days_since_previous_purchase
            end
        ) as second_purchase_days,
        min(
            case
                when
                    purchase_days.days_since_previous_purchase
                    > threshold.lapse_after_days
                    then
                        {{ date_add_days(
                            "purchase_days.purchase_date",
                            "-1 * purchase_days.days_since_previous_purchase"
                        ) }}
            end
        ) as last_date_before_gap
    from purchase_days
    cross join threshold
    group by purchase_days.customer_id

),

-- A lapse can be observed lapse_after_days + 1 days after its day at the earliest, so
-- all customers are followed up to that many days before the current date.
follow_ups as (

    select
        spans.*,
        coalesce(spans.last_date_before_gap, spans.last_purchase_date)
            as last_active_date,
        {{ date_add_days(
            "current_dates.as_of_date", "-1 * (spans.lapse_after_days + 1)"
        ) }} as last_lapse_date,
        current_dates.as_of_date
    from spans
    cross join current_dates

),

durations as (

    select
        customer_id,
        first_purchase_date,
        second_purchase_days,
        first_purchase_date <= last_lapse_date as is_followed,
        cast(
            {{ date_diff_days("first_purchase_date", "as_of_date") }} as bigint
        ) as customer_age_days,
        cast(
            {{ date_diff_days("first_purchase_date", "last_lapse_date") }} as bigint
        ) as follow_up_days,
        cast(
            {{ date_diff_days("first_purchase_date", "last_active_date") }} as bigint
        ) as active_days,
        -- Quarters of the customers by their first spend; equal spend shares one.
        floor(
            cast(4 * (rank() over (order by first_spend) - 1) as {{ type_double() }})
            / count(*) over ()
        ) as first_value_quarter
    from follow_ups

),

survival_times as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        concat(
            cast(extract(year from first_purchase_date) as {{ dbt.type_string() }}),
            '-Q',
            cast(extract(quarter from first_purchase_date) as {{ dbt.type_string() }})
        ) as acquisition_quarter,
        case first_value_quarter
            when 0 then '1 lowest'
            when 1 then '2 lower'
            when 2 then '3 higher'
            else '4 highest'
        end as first_value_band,

        ---------- numerics
        coalesce(second_purchase_days, customer_age_days) as second_purchase_day,
        case when is_followed then least(active_days, follow_up_days) end as lapse_day,

        ---------- booleans
        second_purchase_days is not null as has_second_purchase,
        case when is_followed then active_days <= follow_up_days end as has_lapsed
    from durations

)

select * from survival_times
