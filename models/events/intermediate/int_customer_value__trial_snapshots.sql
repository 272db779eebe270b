{{ config(materialized="table") }}

with

trials as (

    select
        customer_id,
        is_outcome_known,
        is_converted_in_trial,
        started_date,
        trial_started_at,
        trial_ends_at,
        converted_at
    from {{ ref("int_customer_value__trials_classified") }}
    where exclusion_reason is null

),

events as (

    select
        customer_id,
        event_name,
        feature,
        event_date,
        occurred_at
    from {{ ref("int_customer_value__events_classified") }}
    where exclusion_reason is null

),

-- Nothing is known of what comes after the last event of anybody.
last_moments as (

    select max(occurred_at) as last_occurred_at
    from events

),

{{ trial_events() }},

-- The trials are divided at the day on which seven tenths of those of known outcome had
-- begun: later ones test what was learned from those that were over by then. A trial in
-- between does neither, since its outcome was not known.
known_per_day as (

    select
        started_date,
        count(*) as trial_count
    from trials
    where is_outcome_known
    group by started_date

),

running_shares as (

    select
        started_date,
        10 * sum(trial_count) over (
            order by started_date
            rows between unbounded preceding and current row
        ) as tenths_up_to,
        sum(trial_count) over () as trial_count
    from known_per_day

),

split_dates as (

    select min(started_date) as split_date
    from running_shares
    where tenths_up_to > 7 * trial_count

),

decision_days as (

    {% for day in var("trial_decision_days") -%}
        select {{ day }} as decision_day
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- Who has converted or whose trial is over is no longer to be decided about.
moments as (

    select
        trials.customer_id,
        decision_days.decision_day,
        trials.is_outcome_known,
        trials.is_converted_in_trial,
        trials.started_date,
        trials.trial_started_at,
        trials.trial_ends_at,
        trials.converted_at,
        cast(
            {{ timestamp_add(
                "day", "decision_days.decision_day", "trials.trial_started_at"
            ) }} as {{ type_timestamp() }}
        ) as decided_at
    from trials
    cross join decision_days

),

undecided as (

    select moments.*
    from moments
    cross join last_moments
    where
        moments.decided_at <= last_moments.last_occurred_at
        and moments.decided_at < moments.trial_ends_at
        and (
            moments.converted_at is null or moments.converted_at >= moments.decided_at
        )

),

-- Strictly before the moment of the decision.
counted as (

    select
        undecided.customer_id,
        undecided.decision_day,
        undecided.decided_at,
        {% for column, role in {
            "logins": "login",
            "core_actions": "core_feature",
            "support_contacts": "support",
            "other_events": "noise",
        }.items() -%}
            count(case when trial_events.event_role = '{{ role }}' then 1 end)
                as {{ column }},
        {% endfor -%}
        count(
            distinct case
                when trial_events.event_role = 'core_feature' then trial_events.feature
            end
        ) as features_used,
        count(
            distinct case
                when trial_events.event_role in ('login', 'core_feature')
                    then trial_events.event_date
            end
        ) as active_days,
        -- Who was never active has been away since the start.
        coalesce(
            max(
                case
                    when trial_events.event_role in ('login', 'core_feature')
                        then trial_events.occurred_at
                end
            ),
            undecided.trial_started_at
        ) as last_active_at
    from undecided
    left join trial_events
        on
            undecided.customer_id = trial_events.customer_id
            and undecided.decided_at > trial_events.occurred_at
    group by
        undecided.customer_id,
        undecided.decision_day,
        undecided.decided_at,
        undecided.trial_started_at

),

measured as (

    select
        *,
        cast(
            {{ minutes_between("last_active_at", "decided_at") }}
            as {{ type_double() }}
        ) / 1440 as days_since_last_active
    from counted

),

with_fold as (

    select
        undecided.*,
        case
            when not undecided.is_outcome_known then null
            when undecided.started_date >= split_dates.split_date then 'test'
            when cast(undecided.trial_ends_at as date) < split_dates.split_date
                then 'training'
        end as fold
    from undecided
    cross join split_dates

),

ranked as (

    select
        *,
        row_number() over (
            partition by decision_day, fold
            order by {{ dbt.hash("customer_id") }}, customer_id
        ) as sample_rank
    from with_fold

),

trial_snapshots as (

    select
        ---------- ids
        ranked.customer_id,

        ---------- strings
        ranked.fold,

        ---------- numerics
        ranked.decision_day,
        {% for feature in trial_conversion_features() -%}
            {{ log_feature("measured." ~ feature) }} as {{ feature }},
        {% endfor -%}
        case
            when not ranked.is_outcome_known then null
            when ranked.is_converted_in_trial then 1
            else 0
        end as label,

        ---------- booleans
        ranked.fold is not null
        and ranked.sample_rank <= {{ var("propensity_row_limit") }} as is_sampled,

        ---------- timestamps
        ranked.decided_at
    from ranked
    inner join measured
        on
            ranked.customer_id = measured.customer_id
            and ranked.decision_day = measured.decision_day

)

select * from trial_snapshots
