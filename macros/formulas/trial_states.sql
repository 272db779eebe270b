{# Every trial on every day of it so far, as a query; with `thresholds`, the features that there are
   are those of the last build. #}
{% macro trial_states(trials, events, thresholds) -%}
{%- set up_to_the_day -%}
    over (
        partition by customer_id
        order by trial_day
        rows between unbounded preceding and current row
    )
{%- endset %}
with

trials as (

    select
        customer_id,
        started_date,
        seen_date,
        trial_started_at,
        trial_ends_at,
        converted_at
    from {{ trials }}
    where exclusion_reason is null

),

events as (

    select
        customer_id,
        event_name,
        feature,
        event_date,
        occurred_at
    from {{ events }}
    where exclusion_reason is null

),

{{ trial_events() }},

days as (

    select
        customer_id,
        event_date,
        max(case when event_role in ('login', 'core_feature') then 1 else 0 end)
            as is_active,
        count(case when event_role = 'core_feature' then 1 end) as core_actions,
        count(case when event_role = 'support' then 1 end) as support_contacts,
        sum(is_unknown) as unknown_events
    from trial_events
    group by customer_id, event_date

),

first_uses as (

    select
        customer_id,
        feature,
        min(event_date) as event_date
    from trial_events
    where event_role = 'core_feature'
    group by customer_id, feature

),

new_features as (

    select
        customer_id,
        event_date,
        count(*) as new_features
    from first_uses
    group by customer_id, event_date

),

features as (

    {% if thresholds -%}
        select max(available_features) as available_features
        from {{ thresholds }}
    {%- else -%}
        select count(distinct feature) as available_features
        from first_uses
    {%- endif %}

),

whole_numbers as (

    {{ whole_numbers(366) }}

),

-- Every trial on every day of it so far; the first day is day 0.
trial_days as (

    select
        trials.customer_id,
        trials.seen_date,
        whole_numbers.whole_number as trial_day,
        {{ date_add_days("trials.started_date", "whole_numbers.whole_number") }}
            as state_date
    from trials
    inner join whole_numbers
        on
            whole_numbers.whole_number
            <= {{ date_diff_days("trials.started_date", "trials.seen_date") }}

),

with_counts as (

    select
        trial_days.customer_id,
        trial_days.trial_day,
        trial_days.state_date,
        trial_days.state_date = trial_days.seen_date as is_last,
        case when days.is_active = 1 then trial_days.trial_day end as active_day,
        coalesce(days.is_active, 0) as is_active,
        coalesce(days.core_actions, 0) as core_actions,
        coalesce(days.support_contacts, 0) as support_contacts,
        coalesce(days.unknown_events, 0) as unknown_events,
        coalesce(new_features.new_features, 0) as new_features
    from trial_days
    left join days
        on
            trial_days.customer_id = days.customer_id
            and trial_days.state_date = days.event_date
    left join new_features
        on
            trial_days.customer_id = new_features.customer_id
            and trial_days.state_date = new_features.event_date

),

running as (

    select
        customer_id,
        trial_day,
        state_date,
        is_last,
        sum(is_active) {{ up_to_the_day }} as is_active_to_date,
        sum(core_actions) {{ up_to_the_day }} as core_actions_to_date,
        sum(support_contacts) {{ up_to_the_day }} as support_contacts_to_date,
        sum(unknown_events) {{ up_to_the_day }} as unknown_events_to_date,
        sum(new_features) {{ up_to_the_day }} as new_features_to_date,
        max(active_day) {{ up_to_the_day }} as last_active_day
    from with_counts

),

trial_states as (

    select
        ---------- ids
        running.customer_id,

        ---------- numerics
        running.trial_day,
        cast(running.is_active_to_date as {{ dbt.type_bigint() }}) as active_days,
        cast(running.is_active_to_date as {{ type_double() }})
        / (running.trial_day + 1) as active_share,
        cast(running.core_actions_to_date as {{ dbt.type_bigint() }}) as core_actions,
        cast(running.new_features_to_date as {{ dbt.type_bigint() }}) as feature_count,
        cast(features.available_features as {{ dbt.type_bigint() }})
            as available_features,
        coalesce(
            cast(running.new_features_to_date as {{ type_double() }})
            / nullif(features.available_features, 0),
            0
        ) as feature_breadth,
        cast(running.support_contacts_to_date as {{ dbt.type_bigint() }})
            as support_contacts,
        cast(running.unknown_events_to_date as {{ dbt.type_bigint() }})
            as unknown_events,
        -- Who was never active has been away since the first day.
        running.trial_day
        - coalesce(running.last_active_day, 0) as days_since_last_active,

        ---------- booleans
        running.is_last,

        ---------- dates
        running.state_date
    from running
    cross join features

)

select * from trial_states
{%- endmacro %}
