with

-- Conditions are of the seed; what came of them is in the log of events.
audience_changes as (

    select
        audience,
        customer_id,
        event,
        event_number,
        occurred_date
    from {{ ref("customer_value__audience_changes") }}

),

audiences as (

    select
        audience,
        trim(public_name) as public_name,
        lower(trim(channel)) as channel,
        coalesce(holdout_share, 0) as holdout_share
    from {{ ref("customer_value__audiences") }}

),

permissions as (

    select
        customer_id,
        channel,
        suppression_reason,
        is_consented,
        is_refused,
        is_over_cap
    from {{ ref("int_customer_value__channel_permissions") }}

),

ranked_events as (

    select
        *,
        {{ event_place() }} as place
    from audience_changes

),

states as (

    select
        audience,
        customer_id,
        max(case when event = 'entered' then 1 else 0 end) = 1 as is_member,
        max(case when event = 'released' then 1 else 0 end) = 1 as is_released,
        max(case when event = 'entered' then occurred_date end) as entered_date,
        max(case when event = 'exited' then occurred_date end) as exited_date
    from ranked_events
    where place = 1
    group by audience, customer_id

),

with_permission as (

    select
        states.*,
        audiences.public_name,
        audiences.channel,
        {{ suppression_reason() }} as suppression_reason,
        coalesce(permissions.is_over_cap, false) as is_over_cap,
        coalesce(
            {{ assignment_unit("states.audience", "states.customer_id") }}
            < audiences.holdout_share,
            false
        ) as is_held_out
    from states
    left join audiences on states.audience = audiences.audience
    left join permissions
        on
            states.customer_id = permissions.customer_id
            and audiences.channel = permissions.channel

),

-- Of a member, the first that applies. A suppression holds whatever the log says, and
-- nobody is sent to for an audience that the seed has no longer.
with_status as (

    select
        *,
        case
            when not is_member then 'exited'
            when suppression_reason is not null then 'suppressed'
            when is_held_out then 'held_out'
            when is_released and not is_over_cap and channel is not null
                then 'sendable'
            else 'deferred'
        end as membership_status
    from with_permission

),

audience_members as (

    select
        ---------- ids
        cast(
            {{ membership_id("audience", "customer_id") }} as {{ dbt.type_string() }}
        ) as membership_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(audience as {{ dbt.type_string() }}) as audience,
        cast(public_name as {{ dbt.type_string() }}) as public_name,
        cast(channel as {{ dbt.type_string() }}) as channel,
        cast(membership_status as {{ dbt.type_string() }}) as membership_status,
        cast(
            case when is_member then suppression_reason end as {{ dbt.type_string() }}
        ) as suppression_reason,
        cast(
            case
                when membership_status = 'deferred' and is_over_cap
                    then 'frequency_cap'
                when membership_status = 'deferred' then 'size_cap'
            end as {{ dbt.type_string() }}
        ) as deferral_reason,

        ---------- booleans
        is_member,
        is_member and suppression_reason is not null as is_suppressed,
        is_member and is_held_out as is_held_out,
        membership_status = 'sendable' as is_sendable,

        ---------- dates
        cast(entered_date as date) as entered_date,
        cast(exited_date as date) as exited_date
    from with_status

)

select * from audience_members
