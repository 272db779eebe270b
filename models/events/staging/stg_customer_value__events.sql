{{ validate_input("events", is_staging=true) }}
with

source as (

    select * from {{ input_relation("events") }}

),

{{ typed_events() }}

select * from events
