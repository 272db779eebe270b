{{ config(enabled=is_on("history")) }}
{% call where_built() %}
-- On every date of the history each customer is in one group per grouping and made one
-- move, and the customers are those whose first purchase was by then. On the current
-- date their money is that of `customers`. The customers who come from 'New' are those
-- whose first purchase was after the previous date.
with

dates as (

    select
        as_of_date,
        previous_as_of_date,
        is_current
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

-- Where no clusters were found, the history has none.
groupings as (

    select distinct grouping_name
    from {{ ref("int_customer_value__group_steps") }}

),

expected as (

    select
        dates.as_of_date,
        dates.is_current,
        sum(purchase_days.customer_count) as customer_count,
        sum(
            case
                when purchase_days.purchase_date > dates.previous_as_of_date
                    then purchase_days.customer_count
                else 0
            end
        ) as new_customer_count
    from dates
    inner join purchase_days on dates.as_of_date >= purchase_days.purchase_date
    group by dates.as_of_date, dates.is_current

),

expected_by_grouping as (

    select
        expected.*,
        groupings.grouping_name
    from expected
    cross join groupings

),

history as (

    select
        grouping_name,
        as_of_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue
    from {{ ref("customer_value__group_history") }}
    group by grouping_name, as_of_date

),

migration as (

    select
        grouping_name,
        to_date,
        sum(customer_count) as customer_count,
        sum(case when from_group = 'New' then customer_count else 0 end)
            as new_customer_count
    from {{ ref("customer_value__migration") }}
    group by grouping_name, to_date

),

first_dates as (

    select min(as_of_date) as first_date from dates

)

select
    expected_by_grouping.grouping_name,
    expected_by_grouping.as_of_date,
    expected_by_grouping.customer_count as expected_customer_count,
    history.customer_count,
    migration.customer_count as migration_customer_count
from expected_by_grouping
left join history
    on
        expected_by_grouping.grouping_name = history.grouping_name
        and expected_by_grouping.as_of_date = history.as_of_date
left join migration
    on
        expected_by_grouping.grouping_name = migration.grouping_name
        and expected_by_grouping.as_of_date = migration.to_date
cross join customers
cross join first_dates
where
    history.customer_count is null
    or history.customer_count != expected_by_grouping.customer_count
    or (
        expected_by_grouping.is_current
        and history.net_revenue != customers.net_revenue
    )
    or (
        expected_by_grouping.as_of_date != first_dates.first_date
        and (
            migration.customer_count is null
            or migration.customer_count != expected_by_grouping.customer_count
            or migration.new_customer_count
            != expected_by_grouping.new_customer_count
        )
    )
{% endcall %}
