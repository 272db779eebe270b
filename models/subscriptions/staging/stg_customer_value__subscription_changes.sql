{%- set columns = input_map("subscription_changes") -%}
{{ validate_input("subscription_changes", is_staging=true) }}
{{ require_billing_interval("subscription_changes", is_staging=true) }}
with

source as (

    select * from {{ input_relation("subscription_changes") }}

),

changes as (

    select
        ---------- ids
        {{ parse_customer_id(input_column(columns, "customer_id")) }} as customer_id,

        ---------- strings
        upper({{ text_id(input_column(columns, "currency")) }}) as currency,

        ---------- numerics
        {{ parse_number(
            input_column(columns, "mrr_change"), type_amount()
        ) }} as mrr_change,
        {{ parse_billing_interval(
            input_column(columns, "billing_interval"), "months"
        ) }} as interval_months,
        {{ parse_billing_interval(
            input_column(columns, "billing_interval"), "days"
        ) }} as interval_days,

        ---------- dates
        {{ parse_day(input_column(columns, "changed_on")) }} as changed_date
    from source

)

select * from changes
