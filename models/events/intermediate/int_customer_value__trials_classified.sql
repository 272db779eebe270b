{{ config(materialized="table") }}

-- The first reason that applies is the reason for leaving a trial out.
with

trials as (

    select
        customer_id,
        is_date_unread,
        trial_started_at,
        trial_ends_at,
        converted_at,
        cast(trial_started_at as date) as started_date,
        coalesce(
            trial_ends_at,
            cast(
                {{ timestamp_add("day", var("trial_length_days"), "trial_started_at") }}
                as {{ type_timestamp() }}
            )
        ) as ends_at
    from {{ ref("stg_customer_value__trials") }}

),

event_dates as (

    select as_of_date
    from {{ ref("int_customer_value__event_dates") }}

),

with_reason as (

    select
        trials.*,
        event_dates.as_of_date,
        case
            when trials.customer_id is null then 'missing_customer'
            when trials.is_date_unread or trials.trial_started_at is null
                then 'invalid_date'
            when
                trials.trial_ends_at < trials.trial_started_at
                or trials.converted_at < trials.trial_started_at
                then 'end_before_start'
            -- Without an event there is no day as of which to see a trial.
            when
                event_dates.as_of_date is null
                or trials.started_date > event_dates.as_of_date
                then 'future_dated'
        end as trial_reason
    from trials
    left join event_dates on trials.customer_id is not null

),

numbered as (

    select
        *,
        row_number() over (
            partition by customer_id, trial_reason
            order by
                trial_started_at,
                ends_at,
                case when converted_at is null then 1 else 0 end,
                converted_at
        ) as trial_number,
        -- A trial that ends at midnight has no part of the day that begins then.
        case
            when
                ends_at = cast(cast(ends_at as date) as {{ type_timestamp() }})
                and cast(ends_at as date) > started_date
                then {{ date_add_days("cast(ends_at as date)", -1) }}
            else cast(ends_at as date)
        end as last_date
    from with_reason

),

-- A trial is looked at up to the as-of date, its end or the conversion, whichever comes
-- first: what paying customers do says nothing about who will pay.
trials_classified as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        case
            when trial_reason is null and trial_number > 1 then 'duplicate_trial'
            else trial_reason
        end as exclusion_reason,
        case
            when cast(converted_at as date) <= as_of_date then 'converted'
            when last_date <= as_of_date then 'ended'
            else 'running'
        end as trial_status,

        ---------- dates
        as_of_date,
        started_date,
        -- A year of a trial is enough to follow.
        least(
            {{ date_add_days("started_date", 365) }},
            case
                when
                    cast(converted_at as date) <= as_of_date
                    and cast(converted_at as date) <= last_date
                    then cast(converted_at as date)
                when last_date <= as_of_date then last_date
                else as_of_date
            end
        ) as seen_date,

        ---------- timestamps
        trial_started_at,
        ends_at as trial_ends_at,
        converted_at
    from numbered

)

select * from trials_classified
