with

attributes as (

    select
        customer_id,
        attribute,
        attribute_value,
        exclusion_reason,
        exclusion_reason is null as is_customer
    from {{ ref("int_customer_value__attribute_answers") }}
    where attribute is not null

),

kinds as (

    select
        attribute,
        kind,
        role,
        finding,
        is_grouping
    from {{ ref("int_customer_value__attribute_kinds") }}

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
        count(
            distinct case
                when is_customer and attribute_value is not null then customer_id
            end
        ) as customer_count,
        sum(case when exclusion_reason = 'unknown_customer' then 1 else 0 end)
            as unknown_row_count,
        sum(
            case
                when
                    exclusion_reason in (
                        'unreadable_date', 'after_as_of_date', 'superseded'
                    )
                    then 1
                else 0
            end
        ) as unused_row_count,
        max(case when exclusion_reason = 'suppressed' then 1 else 0 end)
            as is_suppressed
    from attributes
    group by attribute

),

attribute_coverage as (

    select
        ---------- strings
        cast(coverage.attribute as {{ dbt.type_string() }}) as attribute,
        cast(coalesce(kinds.kind, 'nominal') as {{ dbt.type_string() }}) as kind,
        cast(
            case
                when coverage.is_suppressed = 1 then 'suppressed'
                else coalesce(kinds.role, 'profile')
            end as {{ dbt.type_string() }}
        ) as role,
        cast(
            case
                when coverage.is_suppressed = 1
                    then 'Not used: the seed attribute_definitions suppresses it.'
                else
                    coalesce(
                        kinds.finding, 'Not compared: no row belongs to a customer.'
                    )
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        cast(coverage.value_count as {{ dbt.type_bigint() }}) as value_count,
        cast(coverage.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(
            cast(coverage.customer_count as {{ type_double() }})
            / nullif(totals.customer_count, 0) as {{ type_double() }}
        ) as customer_share,
        cast(coverage.unknown_row_count as {{ dbt.type_bigint() }})
            as unknown_row_count,
        cast(coverage.unused_row_count as {{ dbt.type_bigint() }}) as unused_row_count,

        ---------- booleans
        coalesce(kinds.is_grouping, false) as is_grouping
    from coverage
    cross join totals
    left join kinds on coverage.attribute = kinds.attribute

)

select * from attribute_coverage
