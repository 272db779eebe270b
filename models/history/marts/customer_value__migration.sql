with

group_steps as (

    select
        grouping_name,
        from_group,
        to_group,
        customer_count,
        buying_customer_count,
        previous_as_of_date,
        as_of_date
    from {{ ref("int_customer_value__group_steps") }}
    where previous_as_of_date is not null

),

groups_in_order as (

    select
        grouping_name,
        group_name,
        group_order
    from {{ ref("int_customer_value__groups") }}

),

migration as (

    select
        ---------- strings
        cast(group_steps.grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_steps.from_group as {{ dbt.type_string() }}) as from_group,
        cast(group_steps.to_group as {{ dbt.type_string() }}) as to_group,
        cast(
            case
                when from_groups.group_order is null then 'new'
                when to_groups.group_order < from_groups.group_order then 'rose'
                when to_groups.group_order > from_groups.group_order then 'slipped'
                else 'stayed'
            end as {{ dbt.type_string() }}
        ) as direction,

        ---------- numerics
        cast(coalesce(from_groups.group_order, 0) as {{ dbt.type_int() }})
            as from_group_order,
        cast(to_groups.group_order as {{ dbt.type_int() }}) as to_group_order,
        cast(group_steps.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(group_steps.buying_customer_count as {{ dbt.type_bigint() }})
            as buying_customer_count,
        cast(
            cast(group_steps.customer_count as {{ type_double() }})
            / sum(group_steps.customer_count) over (
                partition by
                    group_steps.grouping_name,
                    group_steps.as_of_date,
                    group_steps.from_group
            ) as {{ type_double() }}
        ) as from_share,

        ---------- dates
        cast(group_steps.previous_as_of_date as date) as from_date,
        cast(group_steps.as_of_date as date) as to_date
    from group_steps
    left join groups_in_order as from_groups
        on
            group_steps.grouping_name = from_groups.grouping_name
            and group_steps.from_group = from_groups.group_name
    left join groups_in_order as to_groups
        on
            group_steps.grouping_name = to_groups.grouping_name
            and group_steps.to_group = to_groups.group_name

)

select * from migration
