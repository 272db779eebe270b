with

totals as (

    select
        segment,
        customer_count,
        net_revenue,
        recency_days,
        as_of_date
    from {{ ref("int_customer_value__segment_totals") }}

),

dates as (

    select
        is_current,
        as_of_date as history_date
    from {{ ref("int_customer_value__history_dates") }}

),

segments as (

    select
        segment as segment_name,
        segment_order
    from {{ ref("customer_value__segments") }}

),

-- A segment that is empty on a date has its row as well.
segments_by_date as (

    select
        dates.history_date,
        dates.is_current,
        segments.segment_name,
        segments.segment_order,
        coalesce(totals.customer_count, 0) as customer_count,
        coalesce(totals.net_revenue, 0) as net_revenue,
        totals.recency_days
    from dates
    cross join segments
    left join totals
        on
            dates.history_date = totals.as_of_date
            and segments.segment_name = totals.segment

),

segment_history as (

    select
        ---------- strings
        cast(segment_name as {{ dbt.type_string() }}) as segment,

        ---------- numerics
        cast(segment_order as {{ dbt.type_int() }}) as segment_order,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(
            cast(customer_count as {{ type_double() }})
            / sum(customer_count) over (partition by history_date)
            as {{ type_double() }}
        ) as customer_share,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(
            cast(net_revenue as {{ type_double() }})
            / nullif(
                cast(
                    sum(net_revenue) over (partition by history_date)
                    as {{ type_double() }}
                ),
                0
            ) as {{ type_double() }}
        ) as revenue_share,
        cast(
            cast(recency_days as {{ type_double() }}) / nullif(customer_count, 0)
            as {{ type_double() }}
        ) as mean_recency_days,

        ---------- booleans
        is_current,

        ---------- dates
        cast(history_date as date) as as_of_date
    from segments_by_date

)

select * from segment_history
