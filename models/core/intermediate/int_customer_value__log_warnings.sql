{%- set multiple = var("minimum_history_multiple") -%}
{%- set multiple_in_words = "" if multiple == 1 else multiple ~ " times " %}
with

populations as (

    select
        as_of_role,
        customer_count,
        repeat_customer_count
    from {{ ref("int_customer_value__populations") }}

),

customer_totals as (

    select
        customer_id,
        net_revenue,
        first_purchase_date
    from {{ ref("int_customer_value__customer_totals") }}

),

forecasts as (

    select
        customer_id,
        lifetime_value_365d
    from {{ ref("int_customer_value__customer_forecasts") }}

),

all_days as (

    select
        customer_id,
        net_amount,
        days_since_previous_purchase,
        is_purchase_day,
        transacted_date
    from {{ ref("int_customer_value__customer_days") }}

),

customer_days as (

    select
        customer_id,
        net_amount,
        days_since_previous_purchase,
        transacted_date
    from all_days
    where is_purchase_day

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

counts as (

    select
        max(case when as_of_role = 'current' then customer_count end)
            as current_customer_count,
        max(case when as_of_role = 'calibration' then customer_count end)
            as calibration_customer_count,
        max(case when as_of_role = 'current' then repeat_customer_count end)
            as current_repeat_customer_count,
        max(case when as_of_role = 'calibration' then repeat_customer_count end)
            as calibration_repeat_customer_count
    from populations

),

purchases_per_date as (

    select
        transacted_date,
        count(*) as purchase_count
    from customer_days
    group by transacted_date

),

gaps as (

    select
        transacted_date,
        purchase_count,
        lag(transacted_date) over (order by transacted_date) as previous_date,
        sum(purchase_count) over (order by transacted_date) as purchases_up_to,
        sum(purchase_count) over () as all_purchases
    from purchases_per_date

),

-- A few dates that a long gap separates from all others are mistyped, not the shop's
-- first or last days: one date with less than half of the purchases, or at most a
-- hundredth of them.
lonely_dates as (

    select
        transacted_date,
        previous_date,
        purchases_up_to - purchase_count as purchases_before,
        all_purchases - purchases_up_to + purchase_count as purchases_from,
        all_purchases
    from gaps
    where
        {{ date_diff_days("previous_date", "transacted_date") }}
        > {{ var("activity_days") }}

),

ranges as (

    select
        min(transacted_date) as first_date,
        max(transacted_date) as last_date
    from purchases_per_date

),

edges as (

    select
        max(
            case
                when
                    100 * lonely_dates.purchases_before <= lonely_dates.all_purchases
                    or (
                        lonely_dates.previous_date = ranges.first_date
                        and 2 * lonely_dates.purchases_before
                        < lonely_dates.all_purchases
                    )
                    then lonely_dates.transacted_date
            end
        ) as start_date,
        min(
            case
                when
                    100 * lonely_dates.purchases_from <= lonely_dates.all_purchases
                    or (
                        lonely_dates.transacted_date = ranges.last_date
                        and 2 * lonely_dates.purchases_from < lonely_dates.all_purchases
                    )
                    then lonely_dates.previous_date
            end
        ) as end_date
    from lonely_dates
    cross join ranges

),

trimmed as (

    select
        ranges.first_date,
        as_of_dates.as_of_date,
        coalesce(edges.start_date, ranges.first_date) as start_date,
        coalesce(edges.end_date, ranges.last_date) as end_date
    from ranges
    cross join edges
    cross join as_of_dates
    where ranges.first_date is not null

),

spans as (

    select
        *,
        {{ date_diff_days("end_date", "as_of_date") }} as days_since_purchase,
        {{ date_diff_days("start_date", "as_of_date") }} + 1 as observed_days,
        {{ date_diff_days("start_date", "end_date") }} + 1 as bulk_days
    from trimmed

),

-- The whole windows of 30 days in which somebody is first seen, and how many.
first_purchases as (

    select
        spans.bulk_days,
        cast(
            floor(
                {{ date_diff_days(
                    "spans.start_date", "customer_totals.first_purchase_date"
                ) }} / 30.0
            ) as integer
        ) as window_number
    from customer_totals
    inner join spans on customer_totals.first_purchase_date >= spans.start_date

),

arrivals as (

    select
        window_number,
        count(*) as customer_count
    from first_purchases
    where 30 * (window_number + 1) <= bulk_days
    group by window_number

),

-- New customers arrive at about the same pace; those who are first seen when the log
-- begins, and had bought before, come on top. One window against the next is noise: the
-- first is held against all later ones.
arrival_paces as (

    select
        max(case when window_number = 0 then customer_count end) as first_count,
        count(case when window_number > 0 then 1 end) as later_window_count,
        max(case when window_number > 0 then customer_count end) as highest_later_count,
        {{ percentile("case when window_number > 0 then customer_count end", 0.5) }}
            as median_later_count
    from arrivals

),

highest_values as (

    select
        customer_id,
        lifetime_value_365d
    from forecasts
    where lifetime_value_365d is not null
    order by lifetime_value_365d desc, customer_id asc
    limit 5

),

value_totals as (

    select
        cast(count(*) as {{ type_double() }}) as customer_count,
        {{ exact_sum("lifetime_value_365d") }} as value
    from forecasts

),

placed_values as (

    select
        customer_id,
        row_number() over (order by lifetime_value_365d desc, customer_id asc) as place,
        sum(cast(lifetime_value_365d as {{ type_decimal(38, 12) }})) over (
            order by lifetime_value_365d desc, customer_id asc
            rows between unbounded preceding and current row
        ) as value_up_to
    from highest_values

),

-- The fewest customers whose share is beyond the bound, and ten times that of so many
-- average ones.
handfuls as (

    select
        min(placed_values.place) as holder_count,
        max(value_totals.customer_count) as customer_count,
        max(value_totals.value) as value
    from placed_values
    cross join value_totals
    where
        placed_values.value_up_to
        > value_totals.value * greatest(
            {{ var("maximum_handful_share") }},
            10 * placed_values.place / value_totals.customer_count
        )

),

holders as (

    select
        max(handfuls.holder_count) as holder_count,
        max(handfuls.customer_count) as customer_count,
        max(placed_values.value_up_to) / nullif(max(handfuls.value), 0) as value_share,
        max(case when placed_values.place = 1 then placed_values.customer_id end)
        {% for place in range(2, 6) %}
            || coalesce(
                max(
                    case
                        when placed_values.place = {{ place }}
                            then ', ' || placed_values.customer_id
                    end
                ),
                ''
            )
        {% endfor %} as customer_ids
    from placed_values
    inner join handfuls on placed_values.place <= handfuls.holder_count

),

-- Who brought most. In a small log an average customer holds more than the bound, so it
-- must be twice what such a one brought.
best_customers as (

    select
        customer_id,
        cast(net_revenue as {{ type_double() }}) as net_revenue
    from customer_totals
    where net_revenue is not null
    order by net_revenue desc, customer_id asc
    limit 1

),

revenue_totals as (

    select
        cast(count(*) as {{ type_double() }}) as customer_count,
        cast(sum(net_revenue) as {{ type_double() }}) as net_revenue
    from customer_totals

),

revenue_holders as (

    select
        best_customers.customer_id,
        revenue_totals.customer_count,
        best_customers.net_revenue / revenue_totals.net_revenue as revenue_share
    from best_customers
    cross join revenue_totals
    where
        revenue_totals.net_revenue > 0
        and best_customers.net_revenue
        > revenue_totals.net_revenue * greatest(
            {{ var("maximum_handful_share") }}, 2 / revenue_totals.customer_count
        )

),

-- A return of the same day is in what the day brought, on which the values of
-- purchases rest; one of another day is in no forecast.
spend_and_returns as (

    select
        sum(case when is_purchase_day then net_amount end) as spend,
        sum(case when not is_purchase_day then -1 * net_amount end) as returned
    from all_days
    -- People without a purchase day are no customers.
    where customer_id in (select customer_days.customer_id from customer_days)

),

-- Subscribers pay about the same after about the same time.
rhythms as (

    select
        customer_id,
        count(days_since_previous_purchase) as gap_count,
        cast(avg(days_since_previous_purchase) as {{ type_double() }}) as mean_gap_days,
        cast(
            sum(days_since_previous_purchase * days_since_previous_purchase)
            as {{ type_double() }}
        ) as squared_gap_days,
        count(net_amount) as amount_count,
        cast(avg(net_amount) as {{ type_double() }}) as mean_amount,
        sum(
            cast(net_amount as {{ type_double() }})
            * cast(net_amount as {{ type_double() }})
        ) as squared_amount
    from customer_days
    group by customer_id

),

regular_payers as (

    select
        count(*) as customer_count,
        count(
            case
                when
                    squared_gap_days - gap_count * mean_gap_days * mean_gap_days
                    < 0.04 * (gap_count - 1) * mean_gap_days * mean_gap_days
                    and squared_amount - amount_count * mean_amount * mean_amount
                    < 0.04 * (amount_count - 1) * mean_amount * mean_amount
                    then 1
            end
        ) as regular_count
    from rhythms
    where gap_count >= 2

),

pooled_groups as (

    select
        count(distinct group_name) as group_count,
        count(group_name) as customer_count,
        count(*) - count(group_name) as ungrouped_count
    from {{ ref("int_customer_value__fit_groups") }}
    where fit_group is null

),

warnings as (
    {% for code, count_column, bound, what, consequence in [
        (
            "too_few_customers", "customer_count", "minimum_customers", "",
            "the fits and forecasts are rough",
        ),
        (
            "too_few_repeat_customers", "repeat_customer_count",
            "minimum_repeat_customers", " with a second purchase day",
            "the models have little to learn from",
        ),
    ] %}
        {%- set current, calibration = "current_" ~ count_column,
            "calibration_" ~ count_column %}
        select
            '{{ code }}' as warning_code,
            'customers' as subject,
            concat(
                'The log has ',
                case
                    {% for count, when in [
                        (current, "today"), (calibration, "at the calibration date"),
                    ] -%}
                        when {{ count }} < {{ var(bound) }}
                            then
                                concat(
                                    case
                                        when {{ count }} = 0 then 'no customers'
                                        when {{ count }} = 1 then 'only 1 customer'
                                        else
                                            concat(
                                                'only ',
                                                {{ number_text(count, 0) }},
                                                ' customers'
                                            )
                                    end,
                                    '{{ what }} {{ when }}'
                                )
                    {% endfor -%}
                end,
                case
                    when {{ current }} < {{ var(bound) }} and {{ calibration }} = 0
                        then ' and none at the calibration date'
                    when {{ current }} < {{ var(bound) }} and {{ calibration }} > 0
                        then
                            concat(
                                ' and ',
                                {{ number_text(calibration, 0) }},
                                ' at the calibration date'
                            )
                    else ''
                end,
                ': below {{ var(bound) }} {{ consequence }}.'
            ) as sentence
        from counts
        where
            {{ current }} < {{ var(bound) }}
            or {{ calibration }} < {{ var(bound) }}
        union all
    {% endfor %}
    select
        'short_history' as warning_code,
        'log' as subject,
        concat(
            'The log spans ',
            {{ number_text("observed_days", 0) }},
            case when observed_days = 1 then ' day' else ' days' end,
            ', less than {{ multiple_in_words }}the ',
            'horizon of {{ var("horizon_days") }}: the lifetime value looks further ',
            'ahead than the data reach back.'
        ) as sentence
    from spans
    where
        observed_days
        < {{ var("minimum_history_multiple") }} * {{ var("horizon_days") }}
    union all
    select
        'isolated_first_date' as warning_code,
        'log' as subject,
        concat(
            'The first date of the log, ',
            cast(first_date as {{ dbt.type_string() }}),
            ', is isolated: all but a few purchases are of ',
            cast(start_date as {{ dbt.type_string() }}),
            ' or later. If it is mistyped, correct it: it makes the log appear ',
            'older and its customers too.'
        ) as sentence
    from spans
    where start_date > first_date
    union all
    select
        'isolated_as_of_date' as warning_code,
        'log' as subject,
        concat(
            'The as-of date ',
            cast(as_of_date as {{ dbt.type_string() }}),
            ' lies ',
            {{ number_text("days_since_purchase", 0) }},
            ' days after the purchases before it, so that everybody appears lapsed: ',
            'if a date in the log is mistyped, set as_of_date.'
        ) as sentence
    from spans
    where days_since_purchase > {{ var("activity_days") }}
    union all
    select
        'left_truncated' as warning_code,
        'log' as subject,
        concat(
            {{ number_text("arrival_paces.first_count", 0) }},
            ' customers are first seen in the first 30 days of the log, from ',
            cast(spans.start_date as {{ dbt.type_string() }}),
            ', and at most ',
            {{ number_text("arrival_paces.highest_later_count", 0) }},
            ' in any later 30 days, ',
            {{ number_text("arrival_paces.median_later_count", 0) }},
            ' in the middle one: many seem to be old customers whose earlier ',
            'purchases are missing, so ages and repeat counts are too low.'
        ) as sentence
    from arrival_paces
    cross join spans
    where
        arrival_paces.later_window_count >= 2
        and arrival_paces.first_count >= 30
        and arrival_paces.first_count > arrival_paces.highest_later_count
        and arrival_paces.first_count
        > {{ var("maximum_early_arrival_ratio") }} * arrival_paces.median_later_count
        -- Three standard deviations of the difference of two counts.
        and (arrival_paces.first_count - arrival_paces.median_later_count)
        * (arrival_paces.first_count - arrival_paces.median_later_count)
        > 9 * (arrival_paces.first_count + arrival_paces.median_later_count)
    union all
    select
        'looks_like_subscriptions' as warning_code,
        'log' as subject,
        concat(
            {{ number_text("100.0 * regular_count / customer_count", 0) }},
            ' % of the customers with three purchase days or more pay about the same ',
            'at about the same interval: these look like subscription payments, which ',
            'the purchase models do not describe. See the capability subscriptions.'
        ) as sentence
    from regular_payers
    where customer_count >= 30 and regular_count >= 0.8 * customer_count
    union all
    select
        'concentrated_value' as warning_code,
        'lifetime_value' as subject,
        concat(
            {{ number_text("holder_count", 0) }},
            ' of ',
            {{ number_text("customer_count", 0) }},
            ' customers ',
            case when holder_count = 1 then 'holds ' else 'hold ' end,
            {{ number_text("100 * value_share", 1) }},
            ' % of the expected lifetime value (',
            customer_ids,
            '): examine them one by one, since totals and means depend on them.'
        ) as sentence
    from holders
    where holder_count is not null
    union all
    select
        'concentrated_value' as warning_code,
        'net_revenue' as subject,
        concat(
            '1 of ',
            {{ number_text("customer_count", 0) }},
            ' customers brought ',
            {{ number_text("100 * revenue_share", 1) }},
            ' % of the revenue so far (',
            customer_id,
            '): examine this one apart, since totals and means depend on it.'
        ) as sentence
    from revenue_holders
    union all
    select
        'later_returns' as warning_code,
        'log' as subject,
        concat(
            {{ number_text("100.0 * returned / spend", 1) }},
            ' % of what customers spent went back to them on later days: the expected ',
            'value of a purchase and the lifetime value are before such returns, and ',
            'so is the revenue that forecasts are compared with.'
        ) as sentence
    from spend_and_returns
    where spend > 0 and returned > {{ var("maximum_bias_share") }} * spend
    union all
    select
        'pooled_groups' as warning_code,
        'fit_group' as subject,
        concat(
            case
                when group_count > 0
                    then
                        concat(
                            {{ number_text("group_count", 0) }},
                            case
                                when group_count = 1 then ' group of '
                                else ' groups of '
                            end,
                            {{ quoted_text(var("fit_group") or "") }},
                            case when group_count = 1 then ' has ' else ' have ' end,
                            'fewer than {{ var("minimum_customers") }} customers (',
                            {{ number_text("customer_count", 0) }},
                            ' in all)'
                        )
                else ''
            end,
            case
                when group_count > 0 and ungrouped_count > 0 then ', and '
                else ''
            end,
            case
                when ungrouped_count > 0
                    then
                        concat(
                            {{ number_text("ungrouped_count", 0) }},
                            case
                                when ungrouped_count = 1 then ' customer has no '
                                else ' customers have no '
                            end,
                            {{ quoted_text(var("fit_group") or "") }}
                        )
                else ''
            end,
            ', so that their forecasts have the parameters of all customers.'
        ) as sentence
    from pooled_groups
    where group_count > 0 or ungrouped_count > 0

),

log_warnings as (

    select
        ---------- strings
        warning_code,
        subject,
        sentence
    from warnings

)

select * from log_warnings
