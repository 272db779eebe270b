with

activities as (

    select
        customer_id,
        activity,
        quantity,
        performed_date
    from {{ ref("stg_customer_value__service_activities") }}

),

customers as (

    select
        customer_id,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

service_activities as (

    select
        ---------- ids
        activities.customer_id,

        ---------- strings
        activities.activity,
        case
            when activities.activity is null then 'missing_activity'
            when activities.performed_date is null then 'invalid_date'
            when activities.quantity is null then 'invalid_quantity'
            when customers.customer_id is null then 'unknown_customer'
            when activities.performed_date > customers.as_of_date then 'future_dated'
        end as exclusion_reason,

        ---------- numerics
        activities.quantity,

        ---------- dates
        activities.performed_date
    from activities
    left join customers on activities.customer_id = customers.customer_id

)

select * from service_activities
