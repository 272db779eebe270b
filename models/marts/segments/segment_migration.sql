with

moves as (

    select
        previous_segment,
        segment,
        previous_date,
        as_of_date
    from {{ ref("int_customer_moves") }}
    where previous_date is not null

),

segments as (

    select
        segment as segment_name,
        segment_order
    from {{ ref("segments") }}

),

counts as (

    select
        previous_date,
        as_of_date,
        previous_segment,
        segment,
        count(*) as customer_count
    from moves
    group by previous_date, as_of_date, previous_segment, segment

),

segment_migration as (

    select
        ---------- strings
        cast(counts.previous_segment as {{ dbt.type_string() }}) as from_segment,
        cast(counts.segment as {{ dbt.type_string() }}) as to_segment,

        ---------- numerics
        cast(coalesce(from_segments.segment_order, 0) as {{ dbt.type_int() }})
            as from_segment_order,
        cast(to_segments.segment_order as {{ dbt.type_int() }}) as to_segment_order,
        cast(counts.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(
            cast(counts.customer_count as {{ type_double() }})
            / sum(counts.customer_count) over (
                partition by counts.previous_date, counts.previous_segment
            ) as {{ type_double() }}
        ) as from_share,

        ---------- dates
        cast(counts.previous_date as date) as from_date,
        cast(counts.as_of_date as date) as to_date
    from counts
    left join segments as from_segments
        on counts.previous_segment = from_segments.segment_name
    left join segments as to_segments on counts.segment = to_segments.segment_name

)

select * from segment_migration
