with

attributes as (

    select
        attribute,
        attribute_value,
        is_customer
    from {{ ref("int_customer_value__customer_attributes") }}

),

customers as (

    select customer_id
    from {{ ref("customer_value__customers") }}

),

totals as (

    select count(*) as customer_count
    from customers

),

coverage as (

    select
        attribute,
        count(distinct case when is_customer then attribute_value end) as value_count,
        sum(case when is_customer and attribute_value is not null then 1 else 0 end)
            as customer_count,
        sum(case when is_customer then 0 else 1 end) as unknown_row_count
    from attributes
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
