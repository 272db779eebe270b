{{ config(materialized="table") }}

with

transactions as (

    select
        customer_id,
        order_id,
        line_id,
        product_id,
        status,
        customer_group,
        currency,
        quantity,
        unit_price,
        refunded_amount,
        amount,
        cost,
        is_flagged_return,
        is_return_unknown,
        transacted_at,
        missing_customer_as_written,
        transacted_at_as_written,
        amount_as_written,
        is_return_as_written,
        unread_cost,
        unread_quantity,
        unread_unit_price
    from {{ ref("stg_customer_value__transactions") }}

),

{{ classified_lines((var("as_of_date") or "") | string) }}

select * from classified
