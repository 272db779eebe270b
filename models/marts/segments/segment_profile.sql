with

customers as (

    select
        customer_id,
        segment,
        order_count,
        net_revenue,
        recency_days,
        lifetime_value_365d
    from {{ ref("customers") }}

),

segments as (

    select
        segment as segment_name,
        segment_order,
        meaning
    from {{ ref("segments") }}

),

profiles as (

    select
        segment_name,
        segment_order,
        meaning,
        {{ customer_profile_columns() }}
    from segments
    left join customers on segment_name = segment
    group by segment_name, segment_order, meaning

),

segment_profile as (

    select
        ---------- strings
        cast(segment_name as {{ dbt.type_string() }}) as segment,
        cast(meaning as {{ dbt.type_string() }}) as meaning,

        ---------- numerics
        cast(segment_order as {{ dbt.type_int() }}) as segment_order,
        {{ customer_profile_measures() }}
    from profiles

)

select * from segment_profile
