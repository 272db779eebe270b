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

line_totals as (

    select
        ---------- strings
        by_reason.exclusion_reason,

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

)

select * from line_totals
