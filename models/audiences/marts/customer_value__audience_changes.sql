{#- What was handed over cannot be computed again, so a full refresh keeps it. -#}
{{ config(
    materialized="incremental",
    full_refresh=false,
    on_schema_change="append_new_columns",
    pre_hook="{{ customer_value.forget_erased() }}"
) }}
{%- do require_kept_history() %}

{%- set rules = seed_conditions("audiences", "audience", "ordering") %}
with

-- A condition may name any column, so that no other table has one of these names.
customers as (

    select *
    from {{ ref("customer_value__customers") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

audiences as (

    select
        audience,
        lower(trim(channel)) as channel,
        coalesce(minimum_days_in, 0) as minimum_days_in,
        coalesce(cool_down_days, 0) as cool_down_days,
        coalesce(holdout_share, 0) as holdout_share,
        least(
            coalesce(maximum_customers, 999999999999),
            coalesce(floor(budget / cost_per_contact), 999999999999)
        ) as size_cap
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

past_events as (

    {% if is_incremental() -%}
        select
            audience,
            customer_id,
            event,
            event_number,
            occurred_date,
            recorded_at
        from {{ this }}
    {%- else -%}
        select
            audience,
            '' as customer_id,
            '' as event,
            0 as event_number,
            cast(null as date) as occurred_date,
            cast(null as {{ type_timestamp() }}) as recorded_at
        from audiences
        where 1 = 0
    {%- endif %}

),

last_moments as (

    select
        max(recorded_at) as last_recorded_at,
        max(occurred_date) as last_occurred_date
    from past_events

),

ranked_events as (

    select
        audience,
        customer_id,
        event,
        event_number,
        occurred_date,
        {{ event_place() }} as place
    from past_events

),

-- Before this build: who was in, since when in or out, and who was on the list.
states as (

    select
        audience,
        customer_id,
        max(event_number) as event_count,
        max(case when event = 'entered' then 1 else 0 end) = 1 as was_member,
        max(case when event = 'released' then 1 else 0 end) = 1 as was_sendable,
        max(case when event in ('entered', 'exited') then occurred_date end)
            as since_date
    from ranked_events
    where place = 1
    group by audience, customer_id

),

candidates as (
    {% for audience, rule in rules.items() %}
        select
            {{ quoted_text(audience) }} as audience,
            customer_id,
            row_number() over (
                order by
                    {{ rule.ordering ~ "," if rule.ordering }}
                    customer_id
            ) as candidate_rank
        from customers
        where ({{ rule.condition }})
        {{ "union all" if not loop.last }}
    {% else %}
        select
            '' as audience,
            customer_id,
            0 as candidate_rank
        from customers
        where 1 = 0
    {% endfor %}
),

considered as (

    select
        coalesce(candidates.audience, states.audience) as audience,
        coalesce(candidates.customer_id, states.customer_id) as customer_id,
        candidates.candidate_rank,
        candidates.customer_id is not null as is_candidate,
        coalesce(states.event_count, 0) as event_count,
        coalesce(states.was_member, false) as was_member,
        coalesce(states.was_sendable, false) as was_sendable,
        states.since_date
    from candidates
    full outer join states
        on
            candidates.audience = states.audience
            and candidates.customer_id = states.customer_id

),

-- Whoever leaves the log, or whose audience leaves the seed, exits at once.
with_membership as (

    select
        considered.*,
        as_of_dates.as_of_date,
        audiences.channel,
        audiences.holdout_share,
        audiences.size_cap,
        customers.customer_id is not null as is_customer,
        audiences.audience is not null as is_audience,
        case
            when customers.customer_id is null or audiences.audience is null
                then false
            when considered.was_member
                then
                    considered.is_candidate
                    or {{ date_diff_days(
                        "considered.since_date", "as_of_dates.as_of_date"
                    ) }} < audiences.minimum_days_in
            when considered.is_candidate
                then
                    considered.since_date is null
                    or {{ date_diff_days(
                        "considered.since_date", "as_of_dates.as_of_date"
                    ) }} >= audiences.cool_down_days
            else false
        end as is_member
    from considered
    cross join as_of_dates
    left join audiences on considered.audience = audiences.audience
    left join customers on considered.customer_id = customers.customer_id

),

with_permission as (

    select
        with_membership.*,
        {{ suppression_reason() }} as suppression_reason,
        {{ assignment_unit("with_membership.audience", "with_membership.customer_id") }}
        < with_membership.holdout_share as is_held_out,
        coalesce(permissions.is_over_cap, false) as is_over_cap
    from with_membership
    left join permissions
        on
            with_membership.customer_id = permissions.customer_id
            and with_membership.channel = permissions.channel

),

with_freedom as (

    select
        *,
        is_member
        and suppression_reason is null
        and not is_held_out
        and not is_over_cap as is_free
    from with_permission

),

-- The size is filled in the audience's order; who only stays for the minimum goes last.
with_place as (

    select
        *,
        row_number() over (
            partition by audience, is_free
            order by candidate_rank asc nulls last, customer_id asc
        ) as free_place
    from with_freedom

),

decided as (

    select
        *,
        is_free and free_place <= size_cap as is_sendable
    from with_place

),

new_events as (

    select
        audience,
        customer_id,
        case when is_member then 'entered' else 'exited' end as event,
        case
            when is_member then 'fits'
            when not is_customer then 'left_input'
            when not is_audience then 'audience_removed'
            else 'no_longer_fits'
        end as reason,
        event_count + 1 as event_number,
        as_of_date as occurred_date
    from decided
    where is_member != was_member
    union all
    select
        audience,
        customer_id,
        case when is_sendable then 'released' else 'withheld' end as event,
        case
            when is_sendable then 'sendable'
            when not is_member then 'exited'
            when suppression_reason is not null then suppression_reason
            when is_held_out then 'held_out'
            when is_over_cap then 'frequency_cap'
            else 'size_cap'
        end as reason,
        event_count
        + case when is_member != was_member then 2 else 1 end as event_number,
        as_of_date as occurred_date
    from decided
    where is_sendable != was_sendable

),

audience_changes as (

    select
        ---------- ids
        cast(
            {{ dbt.hash(
                "concat(new_events.audience, '|', cast(new_events.event_number as "
                ~ dbt.type_string() ~ "), '|', new_events.event, '|', cast("
                ~ "new_events.occurred_date as " ~ dbt.type_string()
                ~ "), '|', new_events.customer_id)"
            ) }} as {{ dbt.type_string() }}
        ) as event_id,
        cast(
            {{ membership_id("new_events.audience", "new_events.customer_id") }}
            as {{ dbt.type_string() }}
        ) as membership_id,
        cast(new_events.customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(new_events.audience as {{ dbt.type_string() }}) as audience,
        cast(new_events.event as {{ dbt.type_string() }}) as event,
        cast(new_events.reason as {{ dbt.type_string() }}) as reason,

        ---------- numerics
        cast(new_events.event_number as {{ dbt.type_int() }}) as event_number,

        ---------- dates
        cast(new_events.occurred_date as date) as occurred_date,

        ---------- timestamps
        cast(
            {{ build_moment("last_moments.last_recorded_at") }}
            as {{ type_timestamp() }}
        ) as recorded_at
    from new_events
    cross join last_moments
    -- A build that looks back hands nothing over. An empty run looks at no customers:
    -- that is no exit of everybody.
    where
        coalesce(new_events.occurred_date >= last_moments.last_occurred_date, true)
        and {{ "1 = 0" if flags.EMPTY else "1 = 1" }}

)

select * from audience_changes
