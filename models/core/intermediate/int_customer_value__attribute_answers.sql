{{ config(post_hook="{{ require_one_answer() }}") }}

with

attributes as (

    select
        customer_id,
        attribute,
        attribute_value,
        answered_date,
        is_unknown_date
    from {{ ref("stg_customer_value__customer_attributes") }}

),

definitions as (

    select
        lower(trim(attribute)) as attribute,
        lower(trim(kind)) as kind,
        lower(trim(role)) as role
    from {{ ref("customer_value__attribute_definitions") }}

),

customers as (

    select
        customer_id,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

with_reason as (

    select
        attributes.*,
        coalesce(definitions.kind, '') as kind,
        -- A row without a date is older than all that have one.
        coalesce(attributes.answered_date, cast('1900-01-01' as date)) as known_date,
        case
            when attributes.attribute is null then 'missing_attribute'
            when definitions.role = 'suppressed' then 'suppressed'
            when customers.customer_id is null then 'unknown_customer'
            when attributes.is_unknown_date then 'unreadable_date'
            when attributes.answered_date > customers.as_of_date
                then 'after_as_of_date'
        end as reason
    from attributes
    left join customers on attributes.customer_id = customers.customer_id
    left join definitions
        on lower(attributes.attribute) = definitions.attribute

),

-- What somebody left empty does not take back what they said before.
with_latest_date as (

    select
        *,
        max(
            case
                when reason is null and attribute_value is not null then known_date
            end
        ) over (partition by customer_id, attribute) as last_answer_date,
        max(case when reason is null then known_date end) over (
            partition by customer_id, attribute
        ) as last_row_date
    from with_reason

),

attribute_answers as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        attribute,
        attribute_value,
        kind,
        case
            when reason is not null then reason
            when known_date < coalesce(last_answer_date, last_row_date)
                then 'superseded'
            when last_answer_date is not null and attribute_value is null
                then 'superseded'
        end as exclusion_reason,

        ---------- dates
        answered_date
    from with_latest_date

)

select * from attribute_answers
