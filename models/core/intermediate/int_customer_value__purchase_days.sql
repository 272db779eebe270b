with

customer_days as (

    select
        customer_id,
        net_amount,
        order_count,
        purchase_number,
        days_since_previous_purchase,
        is_purchase_day,
        transacted_date
    from {{ ref("int_customer_value__customer_days") }}

),

purchase_days as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        net_amount as spend,
        order_count,
        purchase_number,
        days_since_previous_purchase,

        ---------- dates
        transacted_date as purchase_date
    from customer_days
    where is_purchase_day

)

select * from purchase_days
