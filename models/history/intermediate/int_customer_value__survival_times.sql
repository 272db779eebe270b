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

customer_groups as (

    select
        customer_id,
        segment,
        as_of_date
    from {{ ref("int_customer_value__customer_groups") }}

),

history_dates as (

    select
        is_current,
        as_of_date
    from {{ ref("int_customer_value__history_dates") }}

),

-- The segments' retention is followed from the first date of the history on.
entry_dates as (

    select min(as_of_date) as entry_date
    from history_dates
    where not is_current

),

entry_segments as (

    select
        customer_groups.customer_id,
        customer_groups.segment
    from customer_groups
    inner join entry_dates on customer_groups.as_of_date = entry_dates.entry_date

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
        ) as last_date_before_gap,
        -- The same of the gaps that had not ended by the entry date.
        min(
            case
                when
                    purchase_days.days_since_previous_purchase
                    > threshold.lapse_after_days
                    and purchase_days.purchase_date > entry_dates.entry_date
                    then
                        {{ date_add_days(
                            "purchase_days.purchase_date",
                            "-1 * purchase_days.days_since_previous_purchase"
                        ) }}
            end
        ) as last_date_before_later_gap,
        max(entry_dates.entry_date) as entry_date
    from purchase_days
    cross join threshold
    cross join entry_dates
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
        -- Somebody lapses on the day on which they have not bought for too long.
        {{ date_add_days(
            "coalesce(spans.last_date_before_later_gap, spans.last_purchase_date)",
            "spans.lapse_after_days + 1"
        ) }} as later_lapse_date,
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
        cast(
            {{ date_diff_days("entry_date", "as_of_date") }} as bigint
        ) as entry_follow_up_days,
        cast(
            {{ date_diff_days("entry_date", "later_lapse_date") }} as bigint
        ) as entry_active_days,
        -- Quarters of the customers by their first spend; equal spend shares one.
        floor(
            cast(4 * (rank() over (order by first_spend) - 1) as {{ type_double() }})
            / count(*) over ()
        ) as first_value_quarter
    from follow_ups

),

with_segments as (

    select
        durations.*,
        entry_segments.segment as entry_segment
    from durations
    left join entry_segments on durations.customer_id = entry_segments.customer_id

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
        entry_segment,
        case first_value_quarter
            when 0 then '1 lowest'
            when 1 then '2 lower'
            when 2 then '3 higher'
            else '4 highest'
        end as first_value_band,

        ---------- numerics
        coalesce(second_purchase_days, customer_age_days) as second_purchase_day,
        case when is_followed then least(active_days, follow_up_days) end as lapse_day,
        -- Who had lapsed by the entry date was lost on it.
        case
            when entry_segment is not null
                then greatest(least(entry_active_days, entry_follow_up_days), 0)
        end as retention_day,

        ---------- booleans
        second_purchase_days is not null as has_second_purchase,
        case when is_followed then active_days <= follow_up_days end as has_lapsed,
        case
            when entry_segment is not null
                then entry_active_days <= entry_follow_up_days
        end as has_lapsed_since_entry
    from with_segments

)

select * from survival_times
