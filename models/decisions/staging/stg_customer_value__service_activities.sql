{%- set is_given = (var("service_activities") or "") | trim != "" -%}
{%- set source_relation -%}
    {{ input_relation("service_activities", none) if is_given }}
{%- endset -%}
{%- set columns = service_activity_map() -%}
{{ validate_service_activities_input(is_staging=true) }}
with

{% if columns -%}
    source as (

        select * from {{ source_relation }}

    ),

    activities as (

        select
            {{ parse_customer_id(
                transaction_column(columns, "customer_id")
            ) }} as customer_id,
            {{ text_id(transaction_column(columns, "activity")) }} as activity,
            {% if "quantity" in columns -%}
                {{ parse_number(
                    transaction_column(columns, "quantity"), "decimal(18, 4)"
                ) }}
            {%- else -%}
                cast(1 as decimal(18, 4))
            {%- endif %} as quantity,
            -- In the date_format of the transactions, or ISO 8601.
            cast(
                coalesce(
                    {{ parse_timestamp(transaction_column(columns, "performed_at")) }},
                    {{ try_cast(
                        transaction_column(columns, "performed_at"), type_timestamp()
                    ) }}
                ) as date
            ) as performed_date
        from source

    )
{%- else -%}
    {# Nothing is given: there were no activities. -#}
    activities as (

        select
            cast(null as {{ dbt.type_string() }}) as customer_id,
            cast(null as {{ dbt.type_string() }}) as activity,
            cast(null as decimal(18, 4)) as quantity,
            cast(null as date) as performed_date
        from (select 1 as nobody) as nobodies
        where nobody = 0

    )
{%- endif %}

select * from activities
