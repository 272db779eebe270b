{{ config(materialized="table") }}

with

channels as (

    select distinct lower(trim(channel)) as channel
    from {{ ref("customer_value__audiences") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

suppressions as (

    select
        customer_id,
        channel,
        suppression_reason,
        started_date,
        ended_date
    from {{ ref("stg_customer_value__suppressions") }}
    where customer_id is not null

),

consents as (

    select
        customer_id,
        channel,
        is_granted,
        -- Without a date a refusal is the last word, and a consent the first.
        coalesce(
            decided_date,
            case
                when is_granted then cast('1900-01-01' as date)
                else cast('9999-12-31' as date)
            end
        ) as decided_date
    from {{ ref("stg_customer_value__consents") }}
    where customer_id is not null

),

-- Who was held out was not contacted.
contacts as (

    select
        customer_id,
        channel,
        contacted_date
    from {{ ref("int_customer_value__campaign_contacts") }}
    where
        exclusion_reason is null
        and coalesce(variant, '') != {{ quoted_text(var("control_variant")) }}

),

frequency_caps as (

    select
        lower(trim(channel)) as channel,
        window_days,
        maximum_contacts
    from {{ ref("customer_value__frequency_caps") }}

),

suppressed as (

    select
        suppressions.customer_id,
        channels.channel,
        min(suppressions.suppression_reason) as suppression_reason
    from suppressions
    cross join as_of_dates
    inner join channels
        on coalesce(suppressions.channel, channels.channel) = channels.channel
    where
        coalesce(suppressions.started_date <= as_of_dates.as_of_date, true)
        and coalesce(suppressions.ended_date > as_of_dates.as_of_date, true)
    group by suppressions.customer_id, channels.channel

),

-- The last decision counts, and of one day the refusal.
decisions as (

    select
        consents.customer_id,
        channels.channel,
        consents.is_granted,
        row_number() over (
            partition by consents.customer_id, channels.channel
            order by
                consents.decided_date desc,
                case when consents.is_granted then 1 else 0 end asc
        ) as place
    from consents
    cross join as_of_dates
    inner join channels
        on coalesce(consents.channel, channels.channel) = channels.channel
    where
        not consents.is_granted
        or consents.decided_date <= as_of_dates.as_of_date

),

contacted as (

    select
        contacts.customer_id,
        frequency_caps.channel,
        count(*) as contact_count
    from contacts
    cross join as_of_dates
    inner join frequency_caps
        on coalesce(contacts.channel, frequency_caps.channel) = frequency_caps.channel
    where
        contacts.contacted_date
        > {{ date_add_days(
            "as_of_dates.as_of_date", "-1 * frequency_caps.window_days"
        ) }}
    group by contacts.customer_id, frequency_caps.channel

),

facts as (

    select
        customer_id,
        channel,
        suppression_reason,
        cast(null as integer) as consent_flag,
        0 as contact_count
    from suppressed
    union all
    select
        customer_id,
        channel,
        cast(null as {{ dbt.type_string() }}) as suppression_reason,
        case when is_granted then 1 else 0 end as consent_flag,
        0 as contact_count
    from decisions
    where place = 1
    union all
    select
        customer_id,
        channel,
        cast(null as {{ dbt.type_string() }}) as suppression_reason,
        cast(null as integer) as consent_flag,
        contact_count
    from contacted

),

permissions as (

    select
        customer_id,
        channel,
        max(suppression_reason) as suppression_reason,
        max(consent_flag) as consent_flag,
        sum(contact_count) as contact_count
    from facts
    group by customer_id, channel

),

channel_permissions as (

    select
        ---------- ids
        permissions.customer_id,

        ---------- strings
        permissions.channel,
        permissions.suppression_reason,

        ---------- numerics
        cast(permissions.contact_count as {{ dbt.type_bigint() }}) as contact_count,

        ---------- booleans
        coalesce(permissions.consent_flag = 1, false) as is_consented,
        coalesce(permissions.consent_flag = 0, false) as is_refused,
        coalesce(
            permissions.contact_count >= frequency_caps.maximum_contacts, false
        ) as is_over_cap
    from permissions
    left join frequency_caps on permissions.channel = frequency_caps.channel

)

select * from channel_permissions
