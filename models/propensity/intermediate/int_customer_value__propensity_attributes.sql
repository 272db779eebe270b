{#- 007 is a name, and so is a number that no double holds. -#}
{%- set is_number = regexp_matches(
    "attribute_value", "^-?(0|[1-9][0-9]{0,14})([.][0-9]+)?$"
) -%}
-- Attributes have no date; they are assumed to be the same at every as-of date. One
-- whose values are all numbers is a number.
with

attributes as (

    select
        customer_id,
        attribute,
        attribute_value
    from {{ ref("int_customer_value__customer_attributes") }}
    where is_customer

),

features as (

    select
        customer_id,
        max(batch_number) as batch_number
    from {{ ref("int_customer_value__propensity_features") }}
    group by customer_id

),

sampled as (

    select distinct customer_id
    from {{ ref("int_customer_value__propensity_observations") }}

),

groupings as (

    select
        attribute,
        count(distinct attribute_value) as value_count,
        count(attribute_value) > 0
        and count(attribute_value) = sum(
            case when {{ is_number }} then 1 else 0 end
        ) as is_number
    from attributes
    group by attribute

),

propensity_attributes as (

    select
        ---------- ids
        attributes.customer_id,

        ---------- strings
        attributes.attribute,
        attributes.attribute_value,

        ---------- numerics
        case
            when groupings.is_number
                then {{ try_cast("attributes.attribute_value", type_double()) }}
        end as attribute_number,
        features.batch_number,

        ---------- booleans
        groupings.is_number,
        groupings.value_count <= {{ most_attribute_values() }} as is_grouping,
        sampled.customer_id is not null as is_sampled
    from attributes
    inner join groupings on attributes.attribute = groupings.attribute
    inner join features on attributes.customer_id = features.customer_id
    left join sampled on attributes.customer_id = sampled.customer_id
    where
        groupings.is_number
        or groupings.value_count <= {{ most_attribute_values() }}

)

select * from propensity_attributes
