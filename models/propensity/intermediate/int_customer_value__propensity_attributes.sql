-- Attributes have no date; they are assumed to be the same at every as-of date.
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
        count(distinct attribute_value) as value_count
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
        features.batch_number,

        ---------- booleans
        sampled.customer_id is not null as is_sampled
    from attributes
    inner join groupings on attributes.attribute = groupings.attribute
    inner join features on attributes.customer_id = features.customer_id
    left join sampled on attributes.customer_id = sampled.customer_id
    where groupings.value_count <= {{ most_attribute_values() }}

)

select * from propensity_attributes
