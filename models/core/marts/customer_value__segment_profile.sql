with

customers as (

    select
        customer_id,
        segment,
        order_count,
        net_revenue,
        recency_days,
        lifetime_value_365d
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
        customers.lifetime_value_365d
    from segments
    left join customers on segments.segment = customers.segment

),

profiles as (

    select
        segment,
        segment_order,
        meaning,
        {{ customer_profile_columns() }}
    from customers_by_segment
    group by segment, segment_order, meaning

),

segment_profile as (

    select
        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(meaning as {{ dbt.type_string() }}) as meaning,

        ---------- numerics
        cast(segment_order as {{ dbt.type_int() }}) as segment_order,
        {{ customer_profile_measures() }}
    from profiles

)

select * from segment_profile
