with

customer_groups as (

    select
        customer_id,
        segment,
        previous_segment,
        as_of_date
    from {{ ref("int_customer_value__customer_groups") }}

),

current_dates as (

    select as_of_date as current_as_of_date
    from {{ ref("int_customer_value__history_dates") }}
    where is_current

),

previous_segments as (

    select
        ---------- ids
        customer_groups.customer_id,

        ---------- strings
        max(
            case
                when customer_groups.as_of_date = current_dates.current_as_of_date
                    then customer_groups.previous_segment
            end
        ) as previous_segment,

        ---------- dates
        max(
            case
                when
                    customer_groups.previous_segment is null
                    or customer_groups.previous_segment != customer_groups.segment
                    then customer_groups.as_of_date
            end
        ) as segment_changed_since
    from customer_groups
    cross join current_dates
    group by customer_groups.customer_id

)

select * from previous_segments
