{{ config(enabled=is_on("audiences")) }}
{% call where_built() %}
-- Entered minus exited are the members. Released minus withheld are the sendable, but
-- for those whom a later build of the members alone finds suppressed or deferred.
with

events as (

    select
        audience,
        sum(case when event = 'entered' then 1 else 0 end) as entered_count,
        sum(case when event = 'exited' then 1 else 0 end) as exited_count,
        sum(case when event = 'released' then 1 else 0 end) as released_count,
        sum(case when event = 'withheld' then 1 else 0 end) as withheld_count
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
