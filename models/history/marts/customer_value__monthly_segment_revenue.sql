with

customer_months as (

    select
        customer_id,
        net_amount,
        order_count,
        is_active,
        month_start_date
    from {{ ref("int_customer_value__customer_months") }}

),

months as (

    select
        is_complete,
        month_start_date
    from {{ ref("int_customer_value__months") }}

),

customer_groups as (

    select
        customer_id,
        segment,
        as_of_date
    from {{ ref("int_customer_value__customer_groups") }}

),

group_history as (

    select
        group_name,
        group_order,
        customer_count,
        as_of_date
    from {{ ref("customer_value__group_history") }}
    where grouping_name = 'segment'

),

-- The day after a month end starts a month; a current date inside a month starts none.
segments_at_start as (

    select
        months.month_start_date,
        months.is_complete,
        group_history.group_name as segment,
        group_history.group_order as segment_order,
        group_history.customer_count,
        group_history.as_of_date
    from group_history
    inner join months
        on {{ date_add_days("group_history.as_of_date", 1) }} = months.month_start_date

),

starts as (

    select distinct
        month_start_date,
        is_complete,
        as_of_date
    from segments_at_start

),

segments_and_new as (

    select
        month_start_date,
        is_complete,
        segment,
        segment_order,
        customer_count
    from segments_at_start
    union all
    select
        month_start_date,
        is_complete,
        'New' as segment,
        0 as segment_order,
        0 as customer_count
    from starts

),

months_with_segment as (

    select
        starts.month_start_date,
        coalesce(customer_groups.segment, 'New') as segment,
        customer_months.is_active,
        customer_months.order_count,
        customer_months.net_amount
    from customer_months
    inner join starts on customer_months.month_start_date = starts.month_start_date
    left join customer_groups
        on
            customer_months.customer_id = customer_groups.customer_id
            and starts.as_of_date = customer_groups.as_of_date

),

monthly_totals as (

    select
        month_start_date,
        segment,
        sum(case when is_active then 1 else 0 end) as active_customer_count,
        sum(order_count) as order_count,
        sum(net_amount) as net_revenue
    from months_with_segment
    group by month_start_date, segment

),

segment_months as (

    select
        segments_and_new.*,
        coalesce(monthly_totals.active_customer_count, 0) as active_customer_count,
        coalesce(monthly_totals.order_count, 0) as order_count,
        coalesce(monthly_totals.net_revenue, 0) as net_revenue
    from segments_and_new
    left join monthly_totals
        on
            segments_and_new.month_start_date = monthly_totals.month_start_date
            and segments_and_new.segment = monthly_totals.segment

),

monthly_segment_revenue as (

    select
        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,

        ---------- numerics
        cast(segment_order as {{ dbt.type_int() }}) as segment_order,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(active_customer_count as {{ dbt.type_bigint() }}) as active_customer_count,
        cast(order_count as {{ dbt.type_bigint() }}) as order_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(
            cast(net_revenue as {{ type_double() }})
            / nullif(
                cast(
                    sum(net_revenue) over (partition by month_start_date)
                    as {{ type_double() }}
                ),
                0
            ) as {{ type_double() }}
        ) as revenue_share,

        ---------- booleans
        is_complete,

        ---------- dates
        cast(month_start_date as date) as month_start_date
    from segment_months

)

select * from monthly_segment_revenue
