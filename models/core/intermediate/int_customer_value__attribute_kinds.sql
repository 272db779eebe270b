{{ config(materialized="table") }}

{#- Numbers of at most so many values are groups by themselves, others by bands. -#}
{%- set most_numbers = 10 -%}
with

attributes as (

    select
        attribute,
        attribute_value
    from {{ ref("int_customer_value__customer_attributes") }}
    where is_customer

),

definitions as (

    select
        lower(trim(attribute)) as attribute,
        nullif(lower(trim(kind)), '') as kind,
        coalesce(nullif(lower(trim(role)), ''), 'profile') as role,
        coalesce(minimum_responses, 50) as minimum_responses,
        nullif(trim(label), '') as label
    from {{ ref("customer_value__attribute_definitions") }}

),

counts as (

    select
        attribute,
        count(distinct attribute_value) as value_count,
        count(attribute_value) as response_count,
        sum(
            case when {{ is_attribute_number("attribute_value") }} then 1 else 0 end
        ) as number_count
    from attributes
    group by attribute

),

with_kind as (

    select
        counts.attribute,
        counts.value_count,
        counts.response_count,
        counts.number_count,
        coalesce(definitions.label, counts.attribute) as label,
        coalesce(definitions.role, 'profile') as role,
        coalesce(definitions.minimum_responses, 50) as minimum_responses,
        coalesce(
            definitions.kind,
            case
                when
                    counts.response_count > 0
                    and counts.number_count = counts.response_count
                    then 'numeric'
                else 'nominal'
            end
        ) as kind
    from counts
    left join definitions on lower(counts.attribute) = definitions.attribute

),

-- The first reason for not comparing groups by an attribute.
judged as (

    select
        *,
        kind = 'numeric' and number_count = response_count as is_number,
        case
            when response_count < minimum_responses then 'few'
            when kind = 'numeric' and number_count < response_count then 'text'
            when kind = 'multi-select' then cast(null as {{ dbt.type_string() }})
            when value_count < 2 then 'constant'
            when
                kind != 'numeric'
                and value_count > {{ most_attribute_values() }}
                and 2 * value_count > response_count
                then 'unique'
        end as obstacle
    from with_kind

),

attribute_kinds as (

    select
        ---------- strings
        attribute,
        label,
        kind,
        role,
        case
            when obstacle = 'few'
                then
                    concat(
                        'Not compared: too few customers have a value (',
                        {{ number_text("response_count", 0) }},
                        ', and it takes ',
                        {{ number_text("minimum_responses", 0) }},
                        ').'
                    )
            when obstacle = 'text'
                then
                    concat(
                        'Not compared: the seed attribute_definitions calls it ',
                        'numeric, and not all values are numbers (',
                        {{ number_text("response_count - number_count", 0) }},
                        '): correct them, or give it another kind.'
                    )
            when obstacle = 'constant'
                then 'Not compared: all customers with a value have the same one.'
            when obstacle = 'unique'
                then
                    concat(
                        'Not compared: ',
                        {{ number_text("value_count", 0) }},
                        ' different values among ',
                        {{ number_text("response_count", 0) }},
                        ' customers form no groups.'
                    )
            when kind = 'nominal' and value_count > 50
                then
                    concat(
                        'Compared by its 20 most frequent values of ',
                        {{ number_text("value_count", 0) }},
                        '; the rest is other.'
                    )
            else 'Compared.'
        end as finding,

        ---------- numerics
        value_count,
        response_count,

        ---------- booleans
        is_number,
        is_number and value_count > {{ most_numbers }} as is_banded,
        value_count > 0
        and (is_number or value_count <= {{ most_attribute_values() }}) as is_grouping,
        role = 'profile' as is_feature,
        obstacle is null as is_compared
    from judged

)

select * from attribute_kinds
