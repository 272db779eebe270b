with

fit_customers as (

    select
        as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_fit_customers") }}

),

patterns as (

    select
        as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days,
        count(*) as customer_count
    from fit_customers
    group by as_of_role, repeat_count, last_purchase_age_days, customer_age_days

)

select * from patterns
