with

attributes as (

    select
        customer_id,
        attribute,
        attribute_value
    from {{ ref("stg_customer_value__customer_attributes") }}

),

customers as (

    select customer_id
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

customer_attributes as (

    select
        ---------- ids
        attributes.customer_id,

        ---------- strings
        attributes.attribute,
        attributes.attribute_value,

        ---------- booleans
        customers.customer_id is not null as is_customer
    from attributes
    left join customers on attributes.customer_id = customers.customer_id

)

select * from customer_attributes
