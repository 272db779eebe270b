{{ validate_input("transactions", is_staging=true) }}
with

source as (

    select * from {{ input_relation("transactions") }}

),

{{ typed_transactions() }}

select * from transactions
