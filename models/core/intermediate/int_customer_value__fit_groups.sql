{{ config(materialized="table") }}

{%- set is_mapped = var("fit_group") == "customer_group" %}
with

customers as (

    select customer_id
    from {{ ref("int_customer_value__customer_totals") }}

),

{% if is_mapped %}
    lines as (

        select
            customer_id,
            customer_group,
            row_number() over (
                partition by customer_id
                order by transacted_at, coalesce(customer_group, '')
            ) as line_number
        from {{ ref("int_customer_value__transactions_classified") }}
        where exclusion_reason is null

    ),

    named as (

        select
            customer_id,
            customer_group as group_name
        from lines
        where line_number = 1

    ),
{% elif fits_groups() and looks_back() %}
    named as (

        select
            customer_id,
            attribute_value as group_name
        from {{ ref("int_customer_value__customer_attributes") }}
        where is_customer and attribute = {{ quoted_text(var("fit_group")) }}

    ),
{% else %}
    named as (

        select
            customer_id,
            cast(null as {{ dbt.type_string() }}) as group_name
        from customers
        where 1 = 0

    ),
{% endif %}
-- The sign between a role and its group is in no name.
grouped as (

    select
        customers.customer_id,
        replace(named.group_name, '|', '/') as group_name
    from customers
    left join named on customers.customer_id = named.customer_id

),

counts as (

    select
        group_name,
        count(*) as customer_count
    from grouped
    group by group_name

),

fit_groups as (

    select
        ---------- ids
        grouped.customer_id,

        ---------- strings
        grouped.group_name,
        -- Too few customers say too little, and those without a group have nothing in
        -- common: they have the parameters of all.
        case
            when counts.customer_count >= {{ [var("minimum_customers"), 1] | max }}
                then grouped.group_name
        end as fit_group
    from grouped
    left join counts on grouped.group_name = counts.group_name
    where {{ "1 = 1" if fits_groups() else "1 = 0" }}

)

select * from fit_groups
