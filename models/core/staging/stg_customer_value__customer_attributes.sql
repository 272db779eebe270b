{{ config(post_hook="{{ require_one_row_per_customer() }}") }}

{%- set columns = input_map("customer_attributes") -%}
{#- Outside the loop: dbt sees a reference to the erasures before it knows columns. #}
{%- set customer_id = parse_customer_id(input_column(columns, "customer_id")) %}
{{ validate_input("customer_attributes", is_staging=true) }}
with

source as (

    select * from {{ input_relation("customer_attributes") }}

),

attributes as (

    {% for attribute in columns if attribute != "customer_id" -%}
        select
            {{ customer_id }} as customer_id,
            cast({{ quoted_text(attribute) }} as {{ dbt.type_string() }}) as attribute,
            {{ text_id(input_column(columns, attribute)) }} as attribute_value
        from source
        {{ "union all" if not loop.last }}
    {% else -%}
        -- No attributes are given, and source has no rows.
        select
            cast(null as {{ dbt.type_string() }}) as customer_id,
            cast(null as {{ dbt.type_string() }}) as attribute,
            cast(null as {{ dbt.type_string() }}) as attribute_value
        from source
    {% endfor %}

)

select * from attributes
