with

customers as (

    select
        customer_id,
        segment,
        order_count,
        net_revenue,
        recency_days,
        lifetime_value_365d,
        is_lapsed
    from {{ ref("customer_value__customers") }}

),

segments as (

    select
        segment,
        segment_order,
        meaning
    from {{ ref("customer_value__segments") }}

),

customers_by_segment as (

    select
        segments.segment,
        segments.segment_order,
        segments.meaning,
        customers.customer_id,
        customers.order_count,
        customers.net_revenue,
        customers.recency_days,
        customers.lifetime_value_365d,
        customers.is_lapsed
    from segments
    left join customers on segments.segment = customers.segment

),

profiles as (

    select
        segment,
        segment_order,
        meaning,
        min(recency_days) as shortest_recency_days,
        max(recency_days) as longest_recency_days,
        cast(count(case when is_lapsed then 1 end) as {{ type_double() }})
        / nullif(count(customer_id), 0) as lapsed_share,
        {{ customer_profile_columns() }}
    from customers_by_segment
    group by segment, segment_order, meaning

),

segment_profile as (

    select
        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(meaning as {{ dbt.type_string() }}) as meaning,
        -- The meaning compares customers with each other; a page that shows it says how
        -- long ago they bought, too.
        cast(
            case
                when customer_count = 0 then meaning
                else
                    concat(
                        meaning,
                        '. Last bought ',
                        cast(shortest_recency_days as {{ dbt.type_string() }}),
                        ' to ',
                        cast(longest_recency_days as {{ dbt.type_string() }}),
                        ' days ago; ',
                        case
                            when lapsed_share = 1 then 'all have lapsed'
                            when lapsed_share = 0 then 'none has lapsed'
                            when lapsed_share < 0.01 then 'less than 1 % have lapsed'
                            else
                                concat(
                                    cast(
                                        cast(
                                            floor(100 * lapsed_share) as
                                            {{ dbt.type_int() }}
                                        ) as {{ dbt.type_string() }}
                                    ),
                                    ' % have lapsed'
                                )
                        end
                    )
            end as {{ dbt.type_string() }}
        ) as description,

        ---------- numerics
        cast(segment_order as {{ dbt.type_int() }}) as segment_order,
        {{ customer_profile_measures() }},
        cast(shortest_recency_days as {{ dbt.type_bigint() }}) as shortest_recency_days,
        cast(longest_recency_days as {{ dbt.type_bigint() }}) as longest_recency_days,
        cast(lapsed_share as {{ type_double() }}) as lapsed_share
    from profiles

)

select * from segment_profile
