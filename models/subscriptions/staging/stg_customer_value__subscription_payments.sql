{%- set columns = input_map("subscription_payments") -%}
{{ validate_input("subscription_payments", is_staging=true) }}
{{ require_billing_interval("subscription_payments", is_staging=true) }}
with

source as (

    select * from {{ input_relation("subscription_payments") }}

),

payments as (

    select
        ---------- ids
        {{ parse_customer_id(input_column(columns, "customer_id")) }} as customer_id,
        {{ parse_id(input_column(columns, "subscription_id")) }} as subscription_id,
        {{ parse_id(input_column(columns, "payment_id")) }} as payment_id,

        ---------- strings
        {{ text_id(input_column(columns, "plan")) }} as plan,
        upper({{ text_id(input_column(columns, "currency")) }}) as currency,

        ---------- numerics
        {{ parse_number(input_column(columns, "amount"), type_amount()) }} as amount,
        {{ parse_billing_interval(
            input_column(columns, "billing_interval"), "months"
        ) }} as interval_months,
        {{ parse_billing_interval(
            input_column(columns, "billing_interval"), "days"
        ) }} as interval_days,

        ---------- dates
        {{ parse_day(input_column(columns, "paid_on")) }} as paid_date
    from source

)

select * from payments
