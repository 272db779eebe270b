with

changes as (

    select
        segment,
        previous_segment,
        as_of_date
    from {{ ref("int_customer_value__segment_changes") }}
    where previous_segment is not null

),

totals as (

    select
        segment,
        customer_count,
        as_of_date
    from {{ ref("int_customer_value__segment_totals") }}

),

dates as (

    select
        as_of_date,
        previous_date
    from {{ ref("int_customer_value__history_dates") }}
    where previous_date is not null

),

segments as (

    select
        segment as segment_name,
        segment_order
    from {{ ref("customer_value__segments") }}

),

moved as (

    select
        as_of_date,
        previous_segment,
        segment,
        count(*) as customer_count
    from changes
    group by as_of_date, previous_segment, segment

),

arrived as (

    select
        as_of_date,
        segment,
        sum(customer_count) as customer_count
    from moved
    group by as_of_date, segment

),

-- Who is in a segment and did not come to it was there before.
stayed as (

    select
        totals.as_of_date,
        totals.segment as previous_segment,
        totals.segment,
        totals.customer_count
        - coalesce(arrived.customer_count, 0) as customer_count
    from totals
    left join arrived
        on
            totals.as_of_date = arrived.as_of_date
            and totals.segment = arrived.segment

),

steps as (

    select
        as_of_date,
        previous_segment,
        segment,
        customer_count
    from moved
    union all
    select
        as_of_date,
        previous_segment,
        segment,
        customer_count
    from stayed
    where customer_count > 0

),

counts as (

    select
        dates.previous_date,
        steps.as_of_date,
        steps.previous_segment,
        steps.segment,
        steps.customer_count
    from steps
    inner join dates on steps.as_of_date = dates.as_of_date

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
