with

profile as (

    select
        grouping_name,
        group_name,
        attribute,
        attribute_value,
        group_share,
        base_share,
        comparable_effect,
        is_answer,
        is_distinctive
    from {{ ref("customer_value__segment_attribute_profile") }}

),

kinds as (

    select
        attribute,
        label
    from {{ ref("int_customer_value__attribute_kinds") }}
    where is_compared

),

attributes as (

    select count(*) as attribute_count
    from kinds

),

customers as (

    select
        segment,
        value_tier,
        cluster_name
    from {{ ref("customer_value__customers") }}

),

group_sizes as (

    {% for name, column in customer_groupings().items() -%}
        select
            cast('{{ name }}' as {{ dbt.type_string() }}) as grouping_name,
            {{ column }} as group_name,
            count(*) as customer_count
        from customers
        where {{ column }} is not null
        group by {{ column }}
        {{ "union all" if not loop.last }}
    {% endfor %}

),

-- Of each attribute the value in which the group differs most.
leading_values as (

    select
        *,
        row_number() over (
            partition by grouping_name, group_name, attribute, is_answer
            order by abs(group_share - base_share) desc, attribute_value asc
        ) as value_place
    from profile
    where is_distinctive

),

leading_attributes as (

    select
        leading_values.*,
        row_number() over (
            partition by
                leading_values.grouping_name,
                leading_values.group_name,
                leading_values.is_answer
            order by leading_values.comparable_effect desc, leading_values.attribute asc
        ) as place,
        concat(
            {{ number_text("100 * leading_values.group_share", 0) }},
            case when leading_values.is_answer then ' % ' else ' % without ' end,
            kinds.label,
            case
                when leading_values.is_answer
                    then concat(' ', leading_values.attribute_value)
                else ''
            end,
            ' (all: ',
            {{ number_text("100 * leading_values.base_share", 0) }},
            ' %)'
        ) as phrase
    from leading_values
    inner join kinds on leading_values.attribute = kinds.attribute
    where leading_values.value_place = 1

),

headlines as (

    select
        grouping_name,
        group_name,
        sum(case when is_answer then 1 else 0 end) as attribute_count,
        max(case when is_answer and place = 1 then phrase end) as phrase_1,
        max(case when is_answer and place = 2 then concat(', ', phrase) end)
            as phrase_2,
        max(case when is_answer and place = 3 then concat(', ', phrase) end)
            as phrase_3,
        -- Who answers one question answers most: once is enough.
        max(case when not is_answer and place = 1 then concat('; ', phrase) end)
            as silent_phrase
    from leading_attributes
    group by grouping_name, group_name

),

segment_portrait as (

    select
        ---------- strings
        cast(group_sizes.grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_sizes.group_name as {{ dbt.type_string() }}) as group_name,
        cast(
            case
                when attributes.attribute_count = 0
                    then
                        concat(
                            'There is no attribute to compare them by: none is ',
                            'given, or attribute_coverage has the reasons.'
                        )
                else
                    concat(
                        coalesce(
                            headlines.phrase_1,
                            concat(
                                'These customers differ from the others in no ',
                                'attribute by enough to name'
                            )
                        ),
                        coalesce(headlines.phrase_2, ''),
                        coalesce(headlines.phrase_3, ''),
                        coalesce(headlines.silent_phrase, '')
                    )
            end as {{ dbt.type_string() }}
        ) as headline,

        ---------- numerics
        cast(group_sizes.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(coalesce(headlines.attribute_count, 0) as {{ dbt.type_bigint() }})
            as distinctive_attribute_count
    from group_sizes
    cross join attributes
    left join headlines
        on
            group_sizes.grouping_name = headlines.grouping_name
            and group_sizes.group_name = headlines.group_name

)

select * from segment_portrait
