with

customer_months as (

    select
        customer_id,
        net_amount,
        order_count,
        is_active,
        cohort_start_date,
        {{ cohort_month() }} as month_start_date
    from {{ ref("int_customer_value__customer_months") }}

),

attributes as (

    select
        customer_id,
        attribute,
        group_name
    from {{ ref("int_customer_value__attribute_groups") }}

),

months as (

    select
        is_complete,
        month_start_date
    from {{ ref("int_customer_value__months") }}

),

attribute_names as (

    select distinct attribute
    from attributes

),

attribute_months as (

    select
        customer_months.customer_id,
        customer_months.net_amount,
        customer_months.order_count,
        customer_months.is_active,
        customer_months.cohort_start_date,
        customer_months.month_start_date,
        attribute_names.attribute
    from customer_months
    cross join attribute_names

),

totals as (

    select
        attribute_months.attribute as grouping_name,
        coalesce(attributes.group_name, 'unknown') as group_name,
        attribute_months.cohort_start_date,
        attribute_months.month_start_date,
        count(
            distinct case
                when attribute_months.is_active then attribute_months.customer_id
            end
        ) as active_customer_count,
        sum(attribute_months.order_count) as order_count,
        sum(attribute_months.net_amount) as net_revenue
    from attribute_months
    left join attributes
        on
            attribute_months.customer_id = attributes.customer_id
            and attribute_months.attribute = attributes.attribute
    group by
        attribute_months.attribute,
        coalesce(attributes.group_name, 'unknown'),
        attribute_months.cohort_start_date,
        attribute_months.month_start_date

),

-- Every customer is active in the month of their first purchase.
cohorts as (

    select
        grouping_name,
        group_name,
        cohort_start_date,
        active_customer_count as cohort_size
    from totals
    where month_start_date = cohort_start_date

),

-- A month in which nobody of the cohort bought has its row as well.
cohort_months as (

    select
        cohorts.grouping_name,
        cohorts.group_name,
        cohorts.cohort_start_date,
        cohorts.cohort_size,
        months.month_start_date,
        months.is_complete,
        {{ date_diff_months("cohorts.cohort_start_date", "months.month_start_date") }}
            as months_since,
        coalesce(totals.active_customer_count, 0) as active_customer_count,
        coalesce(totals.order_count, 0) as order_count,
        coalesce(totals.net_revenue, 0) as net_revenue
    from cohorts
    inner join months on cohorts.cohort_start_date <= months.month_start_date
    left join totals
        on
            cohorts.grouping_name = totals.grouping_name
            and cohorts.group_name = totals.group_name
            and cohorts.cohort_start_date = totals.cohort_start_date
            and months.month_start_date = totals.month_start_date

),

cohort_revenue as (

    select
        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_name as {{ dbt.type_string() }}) as group_name,

        ---------- numerics
        cast(months_since as {{ dbt.type_int() }}) as months_since,
        cast(cohort_size as {{ dbt.type_bigint() }}) as cohort_size,
        cast(
            case when months_since = 0 then cohort_size else 0 end
            as {{ dbt.type_bigint() }}
        ) as new_customer_count,
        cast(active_customer_count as {{ dbt.type_bigint() }}) as active_customer_count,
        cast(order_count as {{ dbt.type_bigint() }}) as order_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(
            sum(net_revenue) over (
                partition by grouping_name, group_name, cohort_start_date
                order by month_start_date
                rows between unbounded preceding and current row
            ) as {{ type_money() }}
        ) as cumulative_net_revenue,

        ---------- booleans
        is_complete,

        ---------- dates
        cast(cohort_start_date as date) as cohort_start_date,
        cast(month_start_date as date) as month_start_date
    from cohort_months

)

select * from cohort_revenue
