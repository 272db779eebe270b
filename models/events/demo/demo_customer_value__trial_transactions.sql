with

events as (

    select
        customer_id,
        event_name,
        amount,
        occurred_at
    from {{ ref("demo_customer_value__events") }}

),

transactions as (

    select
        customer_id,
        occurred_at as transacted_at,
        amount
    from events
    where event_name = 'invoice_paid'

)

select * from transactions
