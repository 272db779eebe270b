with

group_steps as (

    select
        grouping_name,
        to_group,
        customer_count,
        net_revenue,
        recency_days,
        as_of_date
    from {{ ref("int_customer_value__group_steps") }}

),

customer_groups as (

    select
        segment,
        value_tier,
        cluster_name,
        lifetime_value_365d,
        as_of_date
    from {{ ref("int_customer_value__customer_groups") }}

),

dates as (

    select
        is_current,
        as_of_date
    from {{ ref("int_customer_value__history_dates") }}

),

groups_in_order as (

    select
        grouping_name,
        group_name,
        group_order
    from {{ ref("int_customer_value__groups") }}

),

totals as (

    select
        grouping_name,
        to_group,
        as_of_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(recency_days) as recency_days
    from group_steps
    group by grouping_name, to_group, as_of_date

),

-- A median cannot be added up from steps.
lifetime_values as (
    {% for grouping, column in [
        ("segment", "segment"), ("value_tier", "value_tier"), ("cluster", "cluster_name"),
    ] %}
        select
            '{{ grouping }}' as grouping_name,
            {{ column }} as group_name,
            as_of_date,
            sum(cast(lifetime_value_365d as {{ type_decimal(38, 12) }}))
                as lifetime_value_365d,
            {{ percentile("lifetime_value_365d", 0.5) }} as median_lifetime_value_365d
        from customer_groups
        group by {{ column }}, as_of_date
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- A group that is empty on a date has its row as well.
groups_by_date as (

    select
        groups_in_order.grouping_name,
        groups_in_order.group_name,
        groups_in_order.group_order,
        coalesce(totals.customer_count, 0) as customer_count,
        coalesce(totals.net_revenue, 0) as net_revenue,
        totals.recency_days,
        coalesce(lifetime_values.lifetime_value_365d, 0) as lifetime_value_365d,
        lifetime_values.median_lifetime_value_365d,
        dates.is_current,
        dates.as_of_date
    from dates
    cross join groups_in_order
    left join totals
        on
            dates.as_of_date = totals.as_of_date
            and groups_in_order.grouping_name = totals.grouping_name
            and groups_in_order.group_name = totals.to_group
    left join lifetime_values
        on
            dates.as_of_date = lifetime_values.as_of_date
            and groups_in_order.grouping_name = lifetime_values.grouping_name
            and groups_in_order.group_name = lifetime_values.group_name

),

group_history as (

    select
        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_name as {{ dbt.type_string() }}) as group_name,

        ---------- numerics
        cast(group_order as {{ dbt.type_int() }}) as group_order,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(
            cast(customer_count as {{ type_double() }})
            / sum(customer_count) over (partition by grouping_name, as_of_date)
            as {{ type_double() }}
        ) as customer_share,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(
            cast(net_revenue as {{ type_double() }})
            / nullif(
                cast(
                    sum(net_revenue) over (partition by grouping_name, as_of_date)
                    as {{ type_double() }}
                ),
                0
            ) as {{ type_double() }}
        ) as revenue_share,
        cast(
            cast(recency_days as {{ type_double() }}) / nullif(customer_count, 0)
            as {{ type_double() }}
        ) as mean_recency_days,
        cast(lifetime_value_365d as {{ type_money() }}) as lifetime_value_365d,
        cast(median_lifetime_value_365d as {{ type_double() }})
            as median_lifetime_value_365d,

        ---------- booleans
        is_current,

        ---------- dates
        cast(as_of_date as date) as as_of_date
    from groups_by_date

)

select * from group_history
