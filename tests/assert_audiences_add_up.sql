{{ config(enabled=is_on("audiences")) }}
{% call where_built() %}
-- Entered minus exited are the members. Released minus withheld are the sendable, but
-- for those whom a later build of the members alone finds suppressed or deferred.
with

events as (

    select
        audience,
        {% for event in ["entered", "exited", "released", "withheld"] -%}
            sum(case when event = '{{ event }}' then 1 else 0 end) as {{ event }}_count
            {{- "," if not loop.last }}
        {% endfor %}
    from {{ ref("customer_value__audience_changes") }}
    group by audience

),

summaries as (

    select
        audience,
        member_count,
        sendable_count
    from {{ ref("customer_value__audience_summary") }}

)

select summaries.audience
from summaries
left join events on summaries.audience = events.audience
where
    summaries.member_count
    != coalesce(events.entered_count - events.exited_count, 0)
    or summaries.sendable_count
    > coalesce(events.released_count - events.withheld_count, 0)
{% endcall %}
