{{ config(materialized="table") }}

with

lines as (

    select
        customer_id,
        order_id,
        line_id,
        product_id,
        status,
        currency,
        quantity,
        unit_price,
        amount,
        transacted_date,
        transacted_at,
        excluded_value,
        coalesce(exclusion_reason, 'kept') as exclusion_reason
    from {{ ref("int_customer_value__transactions_classified") }}

),

-- With neither an order id nor a line id nothing distinguishes a duplicate from a
-- second purchase: such lines are kept, and counted here.
identical_lines as (

    select
        exclusion_reason,
        count(*) - 1 as identical_line_count
    from lines
    where exclusion_reason = 'kept' and order_id is null and line_id is null
    group by
        exclusion_reason,
        customer_id,
        transacted_at,
        amount,
        product_id,
        quantity,
        unit_price,
        status,
        currency
    having count(*) > 1

),

identical_totals as (

    select
        exclusion_reason,
        sum(identical_line_count) as identical_line_count
    from identical_lines
    group by exclusion_reason

),

by_reason as (

    select
        exclusion_reason,
        count(*) as line_count,
        sum(amount) as amount,
        max(
            case
                when customer_id is not null and amount is not null
                    then transacted_date
            end
        ) as last_transacted_date
    from lines
    group by exclusion_reason

),

excluded_values as (

    select
        exclusion_reason,
        concat(
            '"',
            substr(coalesce(nullif(trim(excluded_value), ''), '(empty)'), 1, 40),
            '"'
        ) as excluded_value
    from lines
    where exclusion_reason not in ('kept', 'missing_customer')

),

counted_values as (

    select
        exclusion_reason,
        excluded_value,
        count(*) as line_count
    from excluded_values
    group by exclusion_reason, excluded_value

),

-- The most frequent values are those that one mends first.
placed_values as (

    select
        exclusion_reason,
        excluded_value,
        row_number() over (
            partition by exclusion_reason order by line_count desc, excluded_value asc
        ) as place
    from counted_values

),

examples as (

    select
        exclusion_reason,
        max(case when place = 1 then excluded_value end) as example_1,
        max(case when place = 2 then excluded_value end) as example_2,
        max(case when place = 3 then excluded_value end) as example_3
    from placed_values
    where place <= 3
    group by exclusion_reason

),

line_totals as (

    select
        ---------- strings
        by_reason.exclusion_reason,
        examples.example_1
        || coalesce(', ' || examples.example_2, '')
        || coalesce(', ' || examples.example_3, '') as example_values,

        ---------- numerics
        by_reason.line_count,
        cast(coalesce(by_reason.amount, 0) as {{ type_money() }}) as amount,
        cast(coalesce(identical_totals.identical_line_count, 0) as bigint)
            as identical_line_count,

        ---------- dates
        by_reason.last_transacted_date
    from by_reason
    left join identical_totals
        on by_reason.exclusion_reason = identical_totals.exclusion_reason
    left join examples on by_reason.exclusion_reason = examples.exclusion_reason

)

select * from line_totals
