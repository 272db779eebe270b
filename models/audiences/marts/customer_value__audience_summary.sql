with

audience_members as (

    select
        audience,
        public_name,
        channel,
        membership_status,
        suppression_reason,
        deferral_reason,
        is_member
    from {{ ref("customer_value__audience_members") }}

),

audience_changes as (

    select
        audience,
        event,
        occurred_date
    from {{ ref("customer_value__audience_changes") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

audiences as (

    select
        audience,
        trim(public_name) as public_name,
        lower(trim(channel)) as channel
    from {{ ref("customer_value__audiences") }}

),

last_events as (

    select max(occurred_date) as last_occurred_date
    from audience_changes

),

-- Those of the seed, and those that it has no longer.
names as (

    select audience from audiences
    union all
    select distinct audience_members.audience
    from audience_members
    left join audiences on audience_members.audience = audiences.audience
    where audiences.audience is null

),

members as (

    select
        audience,
        count(case when is_member then 1 end) as member_count,
        {% for status in ["suppressed", "held_out", "deferred", "sendable"] -%}
            count(case when membership_status = '{{ status }}' then 1 end)
                as {{ status }}_count,
        {% endfor -%}
        count(
            case
                when
                    membership_status = 'suppressed'
                    and suppression_reason in ('no_consent', 'refused')
                    then 1
            end
        ) as not_consented_count,
        count(case when deferral_reason = 'frequency_cap' then 1 end)
            as frequency_capped_count
    from audience_members
    group by audience

),

events as (

    select
        audience_changes.audience,
    {% for event in ["entered", "exited", "released", "withheld"] -%}
        count(
            case
                when
                    audience_changes.event = '{{ event }}'
                    and audience_changes.occurred_date = as_of_dates.as_of_date
                    then 1
            end
        ) as {{ event }}_count
        {{- "," if not loop.last }}
    {% endfor %}
    from audience_changes
    cross join as_of_dates
    group by audience_changes.audience

),

audience_summary as (

    select
        ---------- strings
        cast(names.audience as {{ dbt.type_string() }}) as audience,
        cast(audiences.public_name as {{ dbt.type_string() }}) as public_name,
        cast(audiences.channel as {{ dbt.type_string() }}) as channel,
        cast(
            case
                when last_events.last_occurred_date > as_of_dates.as_of_date
                    then
                        concat(
                            'The as-of date lies before the last event, of ',
                            cast(
                                last_events.last_occurred_date
                                as {{ dbt.type_string() }}
                            ),
                            ': nobody enters or exits in a build as of an earlier date.'
                        )
                when audiences.audience is null
                    then
                        'The seed audiences no longer has it: its members have exited.'
                when {{ "1 = 0" if input_value("consents") else "1 = 1" }}
                    then
                        concat(
                            'No input of consents is named: every member counts as ',
                            'unchecked.'
                        )
                when coalesce(members.sendable_count, 0) = 0
                    then 'Nobody can be sent to: check the counts.'
            end as {{ dbt.type_string() }}
        ) as finding,

        ---------- numerics
        {% for name in [
            "member", "suppressed", "held_out", "deferred", "sendable", "not_consented",
            "frequency_capped"
        ] -%}
            cast(
                coalesce(members.{{ name }}_count, 0) as {{ dbt.type_bigint() }}
            ) as {{ name }}_count,
        {% endfor -%}
        {% for name in ["entered", "exited", "released", "withheld"] -%}
            cast(
                coalesce(events.{{ name }}_count, 0) as {{ dbt.type_bigint() }}
            ) as {{ name }}_count,
        {% endfor %}
        ---------- dates
        cast(as_of_dates.as_of_date as date) as as_of_date
    from names
    cross join as_of_dates
    cross join last_events
    left join audiences on names.audience = audiences.audience
    left join members on names.audience = members.audience
    left join events on names.audience = events.audience

)

select * from audience_summary
