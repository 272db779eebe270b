-- The rows that count, and those of nobody; options of one customer side by side.
with

options as (

    select distinct
        customer_id,
        attribute,
        attribute_value,
        exclusion_reason is null as is_customer
    from {{ ref("int_customer_value__attribute_answers") }}
    where exclusion_reason is null and kind = 'multi-select'

),

chosen as (

    select
        customer_id,
        attribute,
        {{ ordered_list("attribute_value", ";") }} as attribute_value,
        is_customer
    from options
    group by customer_id, attribute, is_customer

),

others as (

    select
        customer_id,
        attribute,
        attribute_value,
        exclusion_reason is null as is_customer
    from {{ ref("int_customer_value__attribute_answers") }}
    where
        (exclusion_reason is null and kind != 'multi-select')
        or exclusion_reason = 'unknown_customer'

),

customer_attributes as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        attribute,
        attribute_value,

        ---------- booleans
        is_customer
    from others
    union all
    select
        customer_id,
        attribute,
        attribute_value,
        is_customer
    from chosen

)

select * from customer_attributes
