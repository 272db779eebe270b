{{ config(post_hook="{{ require_one_row_per_customer() }}") }}

{%- set columns = input_map("customer_attributes") -%}
{%- set answered_on = input_column(columns, "answered_on") -%}
{#- Outside the loop: dbt sees the reference to erasures before the table is read. #}
{%- set customer_id = parse_customer_id(input_column(columns, "customer_id")) %}
{{ validate_input("customer_attributes", is_staging=true) }}
with

source as (

    select * from {{ input_relation("customer_attributes") }}

),

attributes as (

    {% for attribute in attribute_names(columns) -%}
        select
            {{ customer_id }} as customer_id,
            cast({{ quoted_text(attribute) }} as {{ dbt.type_string() }}) as attribute,
            {{ attribute_text(input_column(columns, attribute)) }} as attribute_value,
            {{ parse_day(answered_on) }} as answered_date,
            {{ is_unknown_day(answered_on) }} as is_unknown_date
        from source
        {{ "union all" if not loop.last }}
    {% else -%}
        -- The long form; or no attributes are given, and source has no rows.
        select
            {{ customer_id }} as customer_id,
            lower({{ text_id(input_column(columns, "attribute")) }}) as attribute,
            {{ attribute_text(
                input_column(columns, "attribute_value")
            ) }} as attribute_value,
            {{ parse_day(answered_on) }} as answered_date,
            {{ is_unknown_day(answered_on) }} as is_unknown_date
        from source
    {% endfor %}

)

select * from attributes
