with

customer_months as (

    select
        net_amount,
        order_count,
        is_active,
        cohort_start_date,
        {{ cohort_month() }} as month_start_date
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
        cohort_start_date,
        month_start_date,
        sum(case when is_active then 1 else 0 end) as active_customer_count,
        sum(order_count) as order_count,
        sum(net_amount) as net_revenue
    from customer_months
    group by cohort_start_date, month_start_date

),

-- Every customer is active in the month of their first purchase.
cohorts as (

    select
        cohort_start_date,
        active_customer_count as cohort_size
    from monthly_totals
    where month_start_date = cohort_start_date

),

-- A month in which nobody of the cohort bought has its row as well.
cohort_months as (

    select
        cohorts.cohort_start_date,
        cohorts.cohort_size,
        months.month_start_date,
        {{ date_diff_months("cohorts.cohort_start_date", "months.month_start_date") }}
            as months_since,
        months.is_complete,
        coalesce(monthly_totals.active_customer_count, 0) as active_customer_count,
        coalesce(monthly_totals.order_count, 0) as order_count,
        coalesce(monthly_totals.net_revenue, 0) as net_revenue
    from cohorts
    inner join months on cohorts.cohort_start_date <= months.month_start_date
    left join monthly_totals
        on
            cohorts.cohort_start_date = monthly_totals.cohort_start_date
            and months.month_start_date = monthly_totals.month_start_date

),

with_cumulative as (

    select
        *,
        sum(net_revenue) over (
            partition by cohort_start_date
            order by month_start_date
            rows between unbounded preceding and current row
        ) as cumulative_net_revenue
    from cohort_months

),

cohort_retention as (

    select
        ---------- numerics
        cast(months_since as {{ dbt.type_int() }}) as months_since,
        cast(cohort_size as {{ dbt.type_bigint() }}) as cohort_size,
        cast(active_customer_count as {{ dbt.type_bigint() }}) as active_customer_count,
        -- The share of an unfinished month would look like a drop.
        cast(
            case
                when is_complete
                    then
                        cast(active_customer_count as {{ type_double() }}) / cohort_size
            end as {{ type_double() }}
        ) as retention_share,
        cast(order_count as {{ dbt.type_bigint() }}) as order_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(cumulative_net_revenue as {{ type_money() }}) as cumulative_net_revenue,
        cast(
            cast(cumulative_net_revenue as {{ type_double() }}) / cohort_size
            as {{ type_double() }}
        ) as cumulative_revenue_per_customer,

        ---------- booleans
        is_complete,

        ---------- dates
        cast(cohort_start_date as date) as cohort_start_date,
        cast(month_start_date as date) as month_start_date
    from with_cumulative

)

select * from cohort_retention
