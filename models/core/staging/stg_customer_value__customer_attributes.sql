{{ config(post_hook="{{ require_one_row_per_customer() }}") }}

{%- set is_given = input_value("customer_attributes") != "" -%}
{%- set source_relation -%}
    {{ input_relation("customer_attributes", none) if is_given }}
{%- endset -%}
{%- set columns = customer_attribute_map() -%}
{{ validate_customer_attributes_input(is_staging=true) }}
with

{% if columns -%}
    source as (

        select * from {{ source_relation }}

    ),

    attributes as (
        {% for attribute in columns if attribute != "customer_id" %}
            select
                {{ parse_customer_id(
                    transaction_column(columns, "customer_id")
                ) }} as customer_id,
                cast(
                    '{{ dbt.escape_single_quotes(attribute) }}' as {{ dbt.type_string() }}
                ) as attribute,
                {{ text_id(transaction_column(columns, attribute)) }} as attribute_value
            from source
            {{ "union all" if not loop.last }}
        {% endfor %}
    )
{%- else -%}
    {# Nothing is given: nobody has an attribute. -#}
    attributes as (

        select
            cast(null as {{ dbt.type_string() }}) as customer_id,
            cast(null as {{ dbt.type_string() }}) as attribute,
            cast(null as {{ dbt.type_string() }}) as attribute_value
        from (select 1 as nobody) as nobodies
        where nobody = 0

    )
{%- endif %}

select * from attributes
