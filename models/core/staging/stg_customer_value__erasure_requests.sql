{%- set columns = input_map("erasure_requests") -%}
{{ validate_input("erasure_requests", is_staging=true) }}
with

source as (

    select * from {{ input_relation("erasure_requests") }}

),

typed as (

    select
        {{ parse_customer_id(
            input_column(columns, "customer_id"), is_forgetting=false
        ) }} as customer_id
    from source

),

erasure_requests as (

    select distinct customer_id
    from typed
    where customer_id is not null

)

select * from erasure_requests
