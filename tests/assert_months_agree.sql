{{ config(enabled=is_on("history")) }}
{% call where_built() %}
-- Horizontal integrity: the monthly tables tell one story, and it ends at `customers`.
with

kpis as (

    select
        month_start_date,
        active_customer_count,
        order_count,
        net_revenue,
        new_customer_count,
        lag(active_customer_count) over (order by month_start_date)
        - lapsed_customer_count
        + new_customer_count
        + reactivated_customer_count as rolled_customer_count
    from {{ ref("customer_value__monthly_kpis") }}

),

cohorts as (

    select
        month_start_date,
        sum(active_customer_count) as active_customer_count,
        sum(case when months_since = 0 then cohort_size else 0 end)
            as new_customer_count
    from {{ ref("customer_value__cohort_retention") }}
    group by month_start_date

),

segments as (

    select
        month_start_date,
        sum(active_customer_count) as active_customer_count,
        sum(order_count) as order_count,
        sum(net_revenue) as net_revenue
    from {{ ref("customer_value__monthly_segment_revenue") }}
    group by month_start_date

),

totals as (

    select
        'monthly_kpis' as table_name,
        sum(new_customer_count) as customer_count,
        sum(order_count) as order_count,
        sum(net_revenue) as net_revenue
    from {{ ref("customer_value__monthly_kpis") }}
    union all
    select
        'cohort_retention' as table_name,
        sum(case when months_since = 0 then cohort_size else 0 end) as customer_count,
        sum(order_count) as order_count,
        sum(net_revenue) as net_revenue
    from {{ ref("customer_value__cohort_retention") }}

),

customers as (

    select
        count(*) as customer_count,
        sum(order_count) as order_count,
        sum(net_revenue) as net_revenue
    from {{ ref("customer_value__customers") }}

)

select
    'month' as problem,
    cast(kpis.month_start_date as {{ dbt.type_string() }}) as place
from kpis
left join cohorts on kpis.month_start_date = cohorts.month_start_date
left join segments on kpis.month_start_date = segments.month_start_date
where
    kpis.active_customer_count != kpis.rolled_customer_count
    or kpis.active_customer_count != coalesce(cohorts.active_customer_count, 0)
    or kpis.new_customer_count != coalesce(cohorts.new_customer_count, 0)
    or kpis.active_customer_count != segments.active_customer_count
    or kpis.order_count != segments.order_count
    or kpis.net_revenue != segments.net_revenue
union all
select
    'total' as problem,
    totals.table_name as place
from totals
cross join customers
where
    totals.customer_count != customers.customer_count
    or totals.order_count != customers.order_count
    or totals.net_revenue != customers.net_revenue
{% endcall %}
