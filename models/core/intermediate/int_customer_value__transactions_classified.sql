with

judged as (

    select
        customer_id,
        order_id,
        line_id,
        product_id,
        status,
        currency,
        quantity,
        unit_price,
        is_return,
        transacted_at,
        transacted_date,
        amount,
        is_free_of_charge,
        line_reason
    from {{ ref("int_customer_value__transactions_judged") }}

),

customers_with_purchase as (

    select customer_id
    from {{ ref("int_customer_value__customer_totals") }}

),

classified as (

    select
        ---------- ids
        cast(judged.customer_id as {{ dbt.type_string() }}) as customer_id,
        judged.order_id,
        judged.line_id,
        judged.product_id,

        ---------- strings
        judged.status,
        judged.currency,
        case
            when judged.line_reason is not null then judged.line_reason
            when customers_with_purchase.customer_id is null
                then 'customer_without_purchase'
        end as exclusion_reason,

        ---------- numerics
        judged.quantity,
        judged.unit_price,
        judged.amount,

        ---------- booleans
        judged.is_return,
        judged.is_free_of_charge,

        ---------- dates
        judged.transacted_date,

        ---------- timestamps
        judged.transacted_at
    from judged
    left join customers_with_purchase
        on judged.customer_id = customers_with_purchase.customer_id

)

select * from classified
