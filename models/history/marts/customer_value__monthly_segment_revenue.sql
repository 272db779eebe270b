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

changes as (

    select
        customer_id,
        segment,
        as_of_date
    from {{ ref("int_customer_value__segment_changes") }}

),

totals as (

    select
        segment,
        customer_count,
        as_of_date
    from {{ ref("int_customer_value__segment_totals") }}

),

current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

segments as (

    select
        segment,
        segment_order
    from {{ ref("customer_value__segments") }}
    union all
    select
        'New' as segment,
        0 as segment_order

),

-- The day after a month end starts a month; a current date inside a month starts none.
counts_at_start as (

    select
        segment,
        customer_count,
        {{ date_add_days("as_of_date", 1) }} as month_start_date
    from totals
    where
        {{ date_add_days("as_of_date", 1) }}
        = {{ month_start(date_add_days("as_of_date", 1)) }}

),

months as (

    select distinct
        counts_at_start.month_start_date,
        {{ date_add_months("counts_at_start.month_start_date", 1) }}
        <= {{ date_add_days("current_dates.as_of_date", 1) }} as is_complete
    from counts_at_start
    cross join current_dates
    where counts_at_start.month_start_date <= current_dates.as_of_date

),

-- A segment lasts until the date of the next change.
segment_spells as (

    select
        customer_id,
        segment,
        as_of_date,
        coalesce(
            lead(as_of_date) over (partition by customer_id order by as_of_date),
            cast('9999-12-31' as date)
        ) as next_date
    from changes

),

-- Who had not bought when the month began is 'New', whatever they do in it.
monthly_totals as (

    select
        customer_months.month_start_date,
        coalesce(segment_spells.segment, 'New') as segment,
        sum(case when customer_months.is_active then 1 else 0 end)
            as active_customer_count,
        sum(customer_months.order_count) as order_count,
        sum(customer_months.net_amount) as net_revenue
    from customer_months
    inner join months on customer_months.month_start_date = months.month_start_date
    left join segment_spells
        on
            customer_months.customer_id = segment_spells.customer_id
            and customer_months.month_start_date > segment_spells.as_of_date
            and customer_months.month_start_date <= segment_spells.next_date
    group by customer_months.month_start_date, coalesce(segment_spells.segment, 'New')

),

segment_months as (

    select
        months.month_start_date,
        months.is_complete,
        segments.segment,
        segments.segment_order,
        coalesce(counts_at_start.customer_count, 0) as customer_count,
        coalesce(monthly_totals.active_customer_count, 0) as active_customer_count,
        coalesce(monthly_totals.order_count, 0) as order_count,
        coalesce(monthly_totals.net_revenue, 0) as net_revenue
    from months
    cross join segments
    left join counts_at_start
        on
            months.month_start_date = counts_at_start.month_start_date
            and segments.segment = counts_at_start.segment
    left join monthly_totals
        on
            months.month_start_date = monthly_totals.month_start_date
            and segments.segment = monthly_totals.segment

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
