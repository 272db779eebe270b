{{ config(materialized="table") }}

with

channels as (

    select
        channel,
        channel_key,
        is_of_audience
    from {{ ref("int_customer_value__channels") }}

),

audience_channels as (

    select
        channel,
        channel_key
    from channels
    where is_of_audience

),

channel_keys as (

    select distinct channel_key
    from channels

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

-- A channel that no seed names may be any of them, so that what forbids it forbids all.
suppressions as (

    select
        suppressions.customer_id,
        channel_keys.channel_key,
        suppressions.suppression_reason,
        suppressions.started_date,
        suppressions.ended_date
    from {{ ref("stg_customer_value__suppressions") }} as suppressions
    left join channel_keys
        on {{ channel_key("suppressions.channel") }} = channel_keys.channel_key
    where suppressions.customer_id is not null

),

-- A refusal likewise; a consent to it allows none of them.
consents as (

    select
        consents.customer_id,
        channel_keys.channel_key,
        consents.is_granted,
        -- Without a date a refusal is the last word, and a consent the first.
        coalesce(
            consents.decided_date,
            case
                when consents.is_granted then cast('1900-01-01' as date)
                else cast('9999-12-31' as date)
            end
        ) as decided_date
    from {{ ref("stg_customer_value__consents") }} as consents
    left join channel_keys
        on {{ channel_key("consents.channel") }} = channel_keys.channel_key
    where
        consents.customer_id is not null
        and (
            not consents.is_granted
            or consents.channel is null
            or channel_keys.channel_key is not null
        )

),

-- Who was held out was not contacted.
contacts as (

    select
        customer_id,
        {{ channel_key("channel") }} as channel_key,
        contacted_date
    from {{ ref("int_customer_value__campaign_contacts") }}
    where
        exclusion_reason is null
        and coalesce(variant, '') != {{ quoted_text(var("control_variant")) }}

),

-- Of two spellings of a channel the stricter cap holds.
frequency_caps as (

    select
        {{ channel_key("channel") }} as channel_key,
        max(window_days) as window_days,
        min(maximum_contacts) as maximum_contacts
    from {{ ref("customer_value__frequency_caps") }}
    group by {{ channel_key("channel") }}

),

channel_caps as (

    select
        channels.channel,
        channels.channel_key,
        frequency_caps.window_days,
        frequency_caps.maximum_contacts
    from channels
    inner join frequency_caps on channels.channel_key = frequency_caps.channel_key

),

suppressed as (

    select
        suppressions.customer_id,
        audience_channels.channel,
        min(suppressions.suppression_reason) as suppression_reason
    from suppressions
    cross join as_of_dates
    inner join audience_channels
        on
            coalesce(suppressions.channel_key, audience_channels.channel_key)
            = audience_channels.channel_key
    where
        coalesce(suppressions.started_date <= as_of_dates.as_of_date, true)
        and coalesce(suppressions.ended_date > as_of_dates.as_of_date, true)
    group by suppressions.customer_id, audience_channels.channel

),

-- The last decision counts, and of one day the refusal.
decisions as (

    select
        consents.customer_id,
        audience_channels.channel,
        consents.is_granted,
        row_number() over (
            partition by consents.customer_id, audience_channels.channel
            order by
                consents.decided_date desc,
                case when consents.is_granted then 1 else 0 end asc
        ) as place
    from consents
    cross join as_of_dates
    inner join audience_channels
        on
            coalesce(consents.channel_key, audience_channels.channel_key)
            = audience_channels.channel_key
    where
        not consents.is_granted
        or consents.decided_date <= as_of_dates.as_of_date

),

contacted as (

    select
        contacts.customer_id,
        channel_caps.channel,
        count(*) as contact_count
    from contacts
    cross join as_of_dates
    inner join channel_caps
        on
            coalesce(contacts.channel_key, channel_caps.channel_key)
            = channel_caps.channel_key
    where
        contacts.contacted_date
        > {{ date_add_days(
            "as_of_dates.as_of_date", "-1 * channel_caps.window_days"
        ) }}
    group by contacts.customer_id, channel_caps.channel

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
            permissions.contact_count >= channel_caps.maximum_contacts, false
        ) as is_over_cap
    from permissions
    left join channel_caps on permissions.channel = channel_caps.channel

)

select * from channel_permissions
