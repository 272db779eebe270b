-- Kept plus excluded is the input, here too. Whether an event lies before the trial is
-- known once there is the trial, which may come later than the event.
with

events as (

    select
        customer_id,
        exclusion_reason,
        occurred_at
    from {{ ref("int_customer_value__events_classified") }}

),

trials as (

    select
        customer_id,
        trial_started_at,
        exclusion_reason
    from {{ ref("int_customer_value__trials_classified") }}

),

kept_trials as (

    select
        customer_id,
        trial_started_at
    from trials
    where exclusion_reason is null

),

classified as (

    select
        'events' as input,
        coalesce(
            events.exclusion_reason,
            case
                when events.occurred_at < kept_trials.trial_started_at
                    then 'before_trial'
                else 'kept'
            end
        ) as exclusion_reason
    from events
    left join kept_trials on events.customer_id = kept_trials.customer_id
    union all
    select
        'trials' as input,
        coalesce(exclusion_reason, 'kept') as exclusion_reason
    from trials

),

event_rows as (

    select
        ---------- strings
        input,
        exclusion_reason,

        ---------- numerics
        count(*) as row_count
    from classified
    group by input, exclusion_reason

)

select * from event_rows
