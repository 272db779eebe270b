{{ config(materialized="table") }}

{%- set control = quoted_text(var("control_variant")) %}
-- The first reason that applies is the reason for leaving a contact out.
with

contacts as (

    select
        customer_id,
        campaign_id,
        variant as written_variant,
        {{ variant_key("variant") }} as variant_key,
        channel,
        response_value,
        cost,
        planned_share,
        score,
        is_responded,
        is_exposed,
        is_flag_unknown,
        is_number_unknown,
        contacted_at,
        cast(contacted_at as date) as contacted_date
    from {{ ref("stg_customer_value__campaign_contacts") }}

),

-- What differs by case alone is one arm of a campaign. Its name is the first of its
-- spellings, and of the control that of the var.
arms as (

    select
        campaign_id,
        variant_key,
        case
            when variant_key = {{ variant_key(control) }} then {{ control }}
            else min(written_variant)
        end as variant
    from contacts
    where written_variant is not null
    group by campaign_id, variant_key

),

customers as (

    select
        customer_id,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

with_arm as (

    select
        contacts.*,
        coalesce(arms.variant, contacts.written_variant) as variant
    from contacts
    left join arms
        on
            contacts.campaign_id = arms.campaign_id
            and contacts.variant_key = arms.variant_key

),

numbered as (

    select
        with_arm.*,
        as_of_dates.as_of_date,
        customers.customer_id is not null as is_customer,
        row_number() over (
            partition by
                with_arm.customer_id,
                with_arm.campaign_id,
                with_arm.variant,
                with_arm.channel,
                with_arm.response_value,
                with_arm.cost,
                with_arm.planned_share,
                with_arm.score,
                with_arm.is_responded,
                with_arm.is_exposed,
                with_arm.contacted_at
            order by with_arm.contacted_at
        ) as copy_number
    from with_arm
    left join customers on with_arm.customer_id = customers.customer_id
    left join as_of_dates on with_arm.customer_id is not null

),

classified as (

    select
        ---------- ids
        customer_id,
        campaign_id,

        ---------- strings
        variant,
        channel,
        case
            when customer_id is null then 'missing_customer'
            when campaign_id is null then 'missing_campaign'
            when contacted_at is null then 'invalid_timestamp'
            when is_number_unknown then 'invalid_number'
            when is_flag_unknown then 'invalid_flag'
            when contacted_date > as_of_date then 'future_dated'
            when copy_number > 1 then 'duplicate_contact'
        end as exclusion_reason,

        ---------- numerics
        response_value,
        cost,
        planned_share,
        score,

        ---------- booleans
        is_customer,
        is_responded,
        is_exposed,

        ---------- dates
        contacted_date
    from numbered

)

select * from classified
