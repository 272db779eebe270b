{{ config(materialized="table") }}

with

answers as (

    select
        attribute,
        attribute_value,
        kind,
        segment,
        value_tier,
        cluster_name,
        is_answer,
        min(value_order) as value_order,
        count(*) as customer_count,
        sum(case when answer_number = 1 then 1 else 0 end) as person_count
    from {{ ref("int_customer_value__portrait_answers") }}
    group by
        attribute, attribute_value, kind, segment, value_tier, cluster_name, is_answer

),

by_group as (

    {% for name, column in customer_groupings().items() -%}
        select
            cast('{{ name }}' as {{ dbt.type_string() }}) as grouping_name,
            {{ column }} as group_name,
            attribute,
            attribute_value,
            kind,
            is_answer,
            min(value_order) as value_order,
            sum(customer_count) as customer_count,
            sum(person_count) as person_count
        from answers
        where {{ column }} is not null
        group by {{ column }}, attribute, attribute_value, kind, is_answer
        {{ "union all" if not loop.last }}
    {% endfor %}

),

group_sizes as (

    select
        grouping_name,
        group_name,
        attribute,
        sum(person_count) as group_customer_count,
        sum(case when is_answer then person_count else 0 end) as respondent_count
    from by_group
    group by grouping_name, group_name, attribute

),

attribute_values as (

    select
        grouping_name,
        attribute,
        attribute_value,
        kind,
        is_answer,
        min(value_order) as value_order
    from by_group
    group by grouping_name, attribute, attribute_value, kind, is_answer

),

-- A value that nobody of a group has is a cell as well. Shares are of those who
-- answered; that of no answer is of all.
cells as (

    select
        group_sizes.grouping_name,
        group_sizes.group_name,
        group_sizes.attribute,
        attribute_values.attribute_value,
        attribute_values.kind,
        attribute_values.is_answer,
        attribute_values.value_order,
        coalesce(by_group.customer_count, 0) as customer_count,
        case
            when attribute_values.is_answer then group_sizes.respondent_count
            else group_sizes.group_customer_count
        end as base_count
    from group_sizes
    inner join attribute_values
        on
            group_sizes.grouping_name = attribute_values.grouping_name
            and group_sizes.attribute = attribute_values.attribute
    left join by_group
        on
            group_sizes.grouping_name = by_group.grouping_name
            and group_sizes.group_name = by_group.group_name
            and group_sizes.attribute = by_group.attribute
            and attribute_values.attribute_value = by_group.attribute_value
            and attribute_values.is_answer = by_group.is_answer

),

portrait_counts as (

    select
        ---------- strings
        grouping_name,
        group_name,
        attribute,
        attribute_value,
        -- What is tested together: all values, each option, or whether they answered.
        case
            when is_answer and kind != 'multi-select' then 'all values'
            else attribute_value
        end as tested_values,
        kind,

        ---------- numerics
        value_order,
        customer_count,
        base_count,
        sum(customer_count) over (
            partition by grouping_name, attribute, attribute_value
        ) as all_customer_count,
        sum(base_count) over (
            partition by grouping_name, attribute, attribute_value
        ) as all_base_count,

        ---------- booleans
        is_answer
    from cells

)

select * from portrait_counts
