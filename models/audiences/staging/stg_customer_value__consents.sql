{%- set columns = input_map("consents") -%}
{{ validate_input("consents", is_staging=true) }}
with

source as (

    select * from {{ input_relation("consents") }}

),

consents as (

    select
        ---------- ids
        {{ parse_customer_id(input_column(columns, "customer_id")) }} as customer_id,

        ---------- strings
        lower({{ parse_id(input_column(columns, "channel")) }}) as channel,
        case
            when {{ is_unknown_flag(input_column(columns, "granted")) }}
                then {{ text_id(input_column(columns, "granted")) }}
        end as unread_granted,
        case
            when {{ is_unknown_day(input_column(columns, "decided_on")) }}
                then {{ text_id(input_column(columns, "decided_on")) }}
        end as unread_decided_on,

        ---------- booleans
        coalesce({{ parse_boolean(input_column(columns, "granted")) }}, false)
            as is_granted,

        ---------- dates
        {{ parse_day(input_column(columns, "decided_on")) }} as decided_date
    from source

)

select * from consents
