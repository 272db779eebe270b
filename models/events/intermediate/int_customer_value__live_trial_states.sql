-- What the next run would find, of the trials that it would find running.
with

starts as (

    {{ event_start(
        ref("int_customer_value__events_classified"),
        ref("int_customer_value__event_dates")
    ) }}

),

recent_events as (

    select
        customer_id,
        event_id,
        session_id,
        event_name,
        feature,
        occurred_at
    from {{ ref("stg_customer_value__recent_events") }}

),

live_days as (

    select
        event_days.event_date,
        event_days.event_count
    from {{ ref("int_customer_value__event_days") }} as event_days
    cross join starts
    where event_days.event_date < starts.start_date
    union all
    select
        cast(occurred_at as date) as event_date,
        count(*) as event_count
    from recent_events
    group by cast(occurred_at as date)

),

live_dates as (

    {{ event_dates("live_days") }}

),

-- Who has ended or converted moves no more.
live_trials as (

    select *
    from (
        {{ classified_trials("live_dates") }}
    ) as all_trials
    where exclusion_reason is null and trial_status = 'running'

),

first_days as (

    select min(started_date) as first_date
    from live_trials

),

-- What a run would keep, of the days on which a running trial ran, and what it would
-- read again.
live_events as (

    select
        built_events.customer_id,
        built_events.event_name,
        built_events.feature,
        built_events.exclusion_reason,
        built_events.event_date,
        built_events.occurred_at
    from {{ ref("int_customer_value__events_classified") }} as built_events
    cross join starts
    cross join first_days
    where
        built_events.event_date < starts.start_date
        and built_events.event_date >= first_days.first_date
    union all
    select
        customer_id,
        event_name,
        feature,
        exclusion_reason,
        event_date,
        occurred_at
    from (
        {{ classified_events(
            "recent_events",
            "live_dates",
            ref("int_customer_value__events_classified"),
            has_starts=true
        ) }}
    ) as read_again

),

live_states as (

    select *
    from (
        {{ trial_states(
            "live_trials",
            "live_events",
            ref("int_customer_value__trial_thresholds")
        ) }}
    ) as trial_days
    where is_last

),

live_trial_states as (

    select
        ---------- ids
        live_states.customer_id,

        ---------- numerics
        {% for metric in trial_metrics() -%}
            live_states.{{ metric }},
        {% endfor -%}
        live_states.feature_count,
        live_states.unknown_events,

        ---------- dates
        live_trials.as_of_date as live_date,
        live_trials.started_date
    from live_states
    inner join live_trials on live_states.customer_id = live_trials.customer_id

)

select * from live_trial_states
