-- The answers of today are assumed to be the same at every as-of date.
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

kinds as (

    select
        attribute,
        is_number,
        is_feature,
        value_count
    from {{ ref("int_customer_value__attribute_kinds") }}

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
            when kinds.is_number
                then {{ try_cast("attributes.attribute_value", type_double()) }}
        end as attribute_number,
        features.batch_number,

        ---------- booleans
        kinds.is_number,
        kinds.is_feature,
        sampled.customer_id is not null as is_sampled
    from attributes
    inner join kinds on attributes.attribute = kinds.attribute
    inner join features on attributes.customer_id = features.customer_id
    left join sampled on attributes.customer_id = sampled.customer_id
    where kinds.is_number or kinds.value_count <= {{ most_attribute_values() }}

)

select * from propensity_attributes
