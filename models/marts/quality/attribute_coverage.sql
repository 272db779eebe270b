with

attributes as (

    select
        customer_id,
        attribute,
        attribute_value
    from {{ ref("stg_customer_attributes") }}

),

customers as (

    select customer_id
    from {{ ref("customers") }}

),

totals as (

    select count(*) as customer_count
    from customers

),

attribute_rows as (

    select
        attributes.attribute,
        attributes.attribute_value,
        customers.customer_id
    from attributes
    left join customers on attributes.customer_id = customers.customer_id

),

coverage as (

    select
        attribute,
        count(distinct attribute_value) as value_count,
        sum(
            case
                when customer_id is not null and attribute_value is not null then 1
                else 0
            end
        ) as customer_count,
        sum(case when customer_id is null then 1 else 0 end) as unknown_row_count
    from attribute_rows
    group by attribute

),

attribute_coverage as (

    select
        ---------- strings
        cast(coverage.attribute as {{ dbt.type_string() }}) as attribute,

        ---------- numerics
        cast(coverage.value_count as {{ dbt.type_bigint() }}) as value_count,
        cast(coverage.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(
            cast(coverage.customer_count as {{ type_double() }})
            / nullif(totals.customer_count, 0) as {{ type_double() }}
        ) as customer_share,
        cast(coverage.unknown_row_count as {{ dbt.type_bigint() }})
            as unknown_row_count,

        ---------- booleans
        coverage.value_count between 1 and {{ most_attribute_values() }} as is_grouping
    from coverage
    cross join totals

)

select * from attribute_coverage
