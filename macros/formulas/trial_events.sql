{# The CTEs up to `trial_events`: what the customers of the CTE `trials` did, in the CTE `events`, from the start of the trial
   up to its end or the conversion, whichever comes first, with the role of each event. An event that
   the seed event_definitions does not name is noise. #}
{% macro trial_events() -%}
definitions as (

    select
        lower(trim(event_name)) as event_name,
        role
    from {{ ref("customer_value__event_definitions") }}

),

trial_events as (

    select
        trials.customer_id,
        events.event_date,
        events.occurred_at,
        coalesce(events.feature, events.event_name) as feature,
        coalesce(definitions.role, 'noise') as event_role,
        case when definitions.role is null then 1 else 0 end as is_unknown
    from events
    inner join trials on events.customer_id = trials.customer_id
    left join definitions on events.event_name = definitions.event_name
    where
        events.occurred_at >= trials.trial_started_at
        and events.occurred_at < trials.trial_ends_at
        and (
            trials.converted_at is null
            or events.occurred_at < trials.converted_at
        )

)
{%- endmacro %}
