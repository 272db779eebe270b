with

customer_months as (

    select
        month_status,
        net_amount,
        order_count,
        is_active,
        is_lapsing,
        month_start_date
    from {{ ref("int_customer_value__customer_months") }}

),

months as (

    select
        is_complete,
        month_start_date
    from {{ ref("int_customer_value__months") }}

),

monthly_totals as (

    select
        month_start_date,
        sum(case when is_active then 1 else 0 end) as active_customer_count,
        sum(case when month_status = 'new' then 1 else 0 end) as new_customer_count,
        sum(case when month_status = 'returning' then 1 else 0 end)
            as returning_customer_count,
        sum(case when month_status = 'reactivated' then 1 else 0 end)
            as reactivated_customer_count,
        sum(order_count) as order_count,
        sum(net_amount) as net_revenue
    from customer_months
    group by month_start_date

),

-- Lapses are counted from the customers, not computed as the rest of the identity.
lapses as (

    select
        {{ date_add_months("month_start_date", 1) }} as lapse_month_start_date,
        count(*) as lapsed_customer_count
    from customer_months
    where is_lapsing
    group by {{ date_add_months("month_start_date", 1) }}

),

all_months as (

    select
        months.month_start_date,
        months.is_complete,
        coalesce(monthly_totals.active_customer_count, 0) as active_customer_count,
        coalesce(monthly_totals.new_customer_count, 0) as new_customer_count,
        coalesce(monthly_totals.returning_customer_count, 0)
            as returning_customer_count,
        coalesce(monthly_totals.reactivated_customer_count, 0)
            as reactivated_customer_count,
        coalesce(lapses.lapsed_customer_count, 0) as lapsed_customer_count,
        coalesce(monthly_totals.order_count, 0) as order_count,
        coalesce(monthly_totals.net_revenue, 0) as net_revenue
    from months
    left join monthly_totals
        on months.month_start_date = monthly_totals.month_start_date
    left join lapses on months.month_start_date = lapses.lapse_month_start_date

),

with_neighbours as (

    select
        *,
        coalesce(
            lag(active_customer_count) over (order by month_start_date), 0
        ) as previous_active_customer_count,
        sum(new_customer_count) over (
            order by month_start_date
            rows between unbounded preceding and current row
        ) as acquired_customer_count
    from all_months

),

monthly_kpis as (

    select
        ---------- numerics
        cast(active_customer_count as {{ dbt.type_bigint() }}) as active_customer_count,
        cast(new_customer_count as {{ dbt.type_bigint() }}) as new_customer_count,
        cast(returning_customer_count as {{ dbt.type_bigint() }})
            as returning_customer_count,
        cast(reactivated_customer_count as {{ dbt.type_bigint() }})
            as reactivated_customer_count,
        cast(lapsed_customer_count as {{ dbt.type_bigint() }}) as lapsed_customer_count,
        cast(previous_active_customer_count as {{ dbt.type_bigint() }})
            as previous_active_customer_count,
        cast(acquired_customer_count as {{ dbt.type_bigint() }})
            as acquired_customer_count,
        -- The rate of an unfinished month would look like a drop.
        cast(
            case
                when is_complete
                    then
                        cast(returning_customer_count as {{ type_double() }})
                        / nullif(previous_active_customer_count, 0)
            end as {{ type_double() }}
        ) as retention_rate,
        cast(order_count as {{ dbt.type_bigint() }}) as order_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(
            cast(net_revenue as {{ type_double() }}) / nullif(order_count, 0)
            as {{ type_double() }}
        ) as average_order_value,
        cast(
            cast(order_count as {{ type_double() }}) / nullif(active_customer_count, 0)
            as {{ type_double() }}
        ) as orders_per_customer,

        ---------- booleans
        is_complete,

        ---------- dates
        cast(month_start_date as date) as month_start_date
    from with_neighbours

)

select * from monthly_kpis
