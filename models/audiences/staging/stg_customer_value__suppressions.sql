{%- set columns = input_map("suppressions") -%}
{{ validate_input("suppressions", is_staging=true) }}
with

source as (

    select * from {{ input_relation("suppressions") }}

),

suppressions as (

    select
        ---------- ids
        {{ parse_customer_id(input_column(columns, "customer_id")) }} as customer_id,

        ---------- strings
        lower({{ parse_id(input_column(columns, "channel")) }}) as channel,
        coalesce({{ parse_id(input_column(columns, "reason")) }}, 'suppressed')
            as suppression_reason,
        {% for name in ["starts_on", "ends_on"] -%}
            case
                when {{ is_unknown_day(input_column(columns, name)) }}
                    then {{ text_id(input_column(columns, name)) }}
            end as unread_{{ name }},
        {% endfor %}
        ---------- dates
        {{ parse_day(input_column(columns, "starts_on")) }} as started_date,
        {{ parse_day(input_column(columns, "ends_on")) }} as ended_date
    from source

)

select * from suppressions
