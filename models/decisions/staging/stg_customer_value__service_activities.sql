{%- set columns = input_map("service_activities") -%}
{{ validate_input("service_activities", is_staging=true) }}
with

source as (

    select * from {{ input_relation("service_activities") }}

),

activities as (

    select
        {{ parse_customer_id(input_column(columns, "customer_id")) }} as customer_id,
        {{ text_id(input_column(columns, "activity")) }} as activity,
        {% if "quantity" in columns -%}
            {{ parse_number(input_column(columns, "quantity"), type_amount()) }}
        {%- else -%}
            cast(1 as {{ type_amount() }})
        {%- endif %} as quantity,
        cast(
            {{ parse_moment(input_column(columns, "performed_at")) }} as date
        ) as performed_date
    from source

)

select * from activities
