{%- set reasons = [
    "missing_customer", "invalid_timestamp", "invalid_amount", "future_dated",
    "unknown_currency", "excluded_status", "excluded_product", "duplicate_line",
    "customer_without_purchase", "kept", "total",
] %}
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
        transacted_at,
        coalesce(exclusion_reason, 'kept') as exclusion_reason
    from {{ ref("int_customer_value__transactions_classified") }}

),

reasons as (
    {% for reason in reasons %}
        select
            '{{ reason }}' as exclusion_reason,
            {{ loop.index }} as reason_order
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- With neither an order id nor a line id nothing tells a duplicate from a second
-- purchase: such lines are kept, and counted here.
identical_lines as (

    select count(*) - 1 as identical_line_count
    from lines
    where exclusion_reason = 'kept' and order_id is null and line_id is null
    group by
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

    select coalesce(sum(identical_line_count), 0) as identical_line_count
    from identical_lines

),

by_reason as (

    select
        exclusion_reason,
        count(*) as line_count,
        sum(amount) as amount
    from lines
    group by exclusion_reason

),

totals as (

    select
        exclusion_reason,
        line_count,
        amount
    from by_reason
    union all
    select
        'total' as exclusion_reason,
        sum(line_count) as line_count,
        sum(amount) as amount
    from by_reason

),

excluded_transactions as (

    select
        ---------- strings
        cast(reasons.exclusion_reason as {{ dbt.type_string() }}) as exclusion_reason,

        ---------- numerics
        cast(reasons.reason_order as {{ dbt.type_int() }}) as reason_order,
        cast(coalesce(totals.line_count, 0) as {{ dbt.type_bigint() }}) as line_count,
        cast(coalesce(totals.amount, 0) as {{ type_money() }}) as amount,
        cast(
            case
                when reasons.exclusion_reason in ('kept', 'total')
                    then identical_totals.identical_line_count
                else 0
            end as {{ dbt.type_bigint() }}
        ) as identical_line_count
    from reasons
    left join totals on reasons.exclusion_reason = totals.exclusion_reason
    cross join identical_totals

)

select * from excluded_transactions
