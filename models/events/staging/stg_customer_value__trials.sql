{%- set columns = input_map("trials") -%}
{%- set moments = ["trial_started_at", "trial_ends_at", "converted_at"] -%}
{{ validate_input("trials", is_staging=true) }}
with

source as (

    select * from {{ input_relation("trials") }}

),

typed as (

    select
        {{ parse_customer_id(input_column(columns, "customer_id")) }} as customer_id,
    {% for name in moments -%}
        {{ is_given(input_column(columns, name)) }} as is_{{ name }}_given,
        {{ parse_moment(input_column(columns, name)) }} as parsed_{{ name }}
        {{- "," if not loop.last }}
    {% endfor %}
    from source

),

bounded as (

    select
        customer_id,
    {% for name in moments -%}
        is_{{ name }}_given and parsed_{{ name }} is null as is_{{ name }}_unread,
        case
            when {{ is_known_moment("parsed_" ~ name, type_timestamp()) }}
                then parsed_{{ name }}
        end as {{ name }}
        {{- "," if not loop.last }}
    {% endfor %}
    from typed

),

trials as (

    select
        ---------- ids
        customer_id,

        ---------- booleans
        is_trial_started_at_unread
        or is_trial_ends_at_unread
        or is_converted_at_unread as is_date_unread,

        ---------- timestamps
        trial_started_at,
        trial_ends_at,
        converted_at
    from bounded

)

select * from trials
