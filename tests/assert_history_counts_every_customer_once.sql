-- On every date of the history each customer is in one segment and made one step; the
-- customers are those whose first purchase was by then. On the current date these are
-- the customers and their money. Dates further back than late_arrival_days, where it is
-- set, keep what they said.
{%- set late_arrival_days = var("late_arrival_days") %}
with

dates as (

    select
        as_of_date,
        is_current,
        days_before_current
    from {{ ref("int_customer_value__history_dates") }}

),

purchase_days as (

    select
        purchase_date,
        sum(case when purchase_number = 1 then 1 else 0 end) as customer_count
    from {{ ref("int_customer_value__purchase_days") }}
    group by purchase_date

),

customers as (

    select sum(net_revenue) as net_revenue
    from {{ ref("customer_value__customers") }}

),

expected as (

    select
        dates.as_of_date,
        dates.is_current,
        dates.days_before_current,
        sum(purchase_days.customer_count) as customer_count
    from dates
    inner join purchase_days on dates.as_of_date >= purchase_days.purchase_date
    group by dates.as_of_date, dates.is_current, dates.days_before_current

),

counts as (

    select
        'segment_history' as table_name,
        as_of_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue
    from {{ ref("customer_value__segment_history") }}
    group by as_of_date
    union all
    select
        'segment_migration' as table_name,
        to_date as as_of_date,
        sum(customer_count) as customer_count,
        null as net_revenue
    from {{ ref("customer_value__segment_migration") }}
    group by to_date
    union all
    select
        'cluster_migration' as table_name,
        to_date as as_of_date,
        sum(customer_count) as customer_count,
        null as net_revenue
    from {{ ref("customer_value__cluster_migration") }}
    group by to_date

)

select
    counts.table_name,
    counts.as_of_date,
    counts.customer_count,
    expected.customer_count as expected_customer_count
from counts
left join expected on counts.as_of_date = expected.as_of_date
cross join customers
where
    expected.customer_count is null
    or (
        counts.customer_count != expected.customer_count
        {% if late_arrival_days not in ["", none] -%}
            and expected.days_before_current <= {{ late_arrival_days }}
        {%- endif %}
    )
    or (expected.is_current and counts.net_revenue != customers.net_revenue)
