{{ config(materialized="table") }}

-- The first reason that applies is the reason for leaving a contact out.
with

contacts as (

    select
        customer_id,
        campaign_id,
        variant,
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

numbered as (

    select
        contacts.*,
        as_of_dates.as_of_date,
        customers.customer_id is not null as is_customer,
        row_number() over (
            partition by
                contacts.customer_id,
                contacts.campaign_id,
                contacts.variant,
                contacts.channel,
                contacts.response_value,
                contacts.cost,
                contacts.planned_share,
                contacts.score,
                contacts.is_responded,
                contacts.is_exposed,
                contacts.contacted_at
            order by contacts.contacted_at
        ) as copy_number
    from contacts
    left join customers on contacts.customer_id = customers.customer_id
    left join as_of_dates on contacts.customer_id is not null

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
