{{ config(materialized="table") }}

with

terms as (

    select
        customer_id,
        as_of_role,
        plan,
        term_state,
        spell_number,
        interval_months,
        interval_days,
        renewals_paid,
        is_last,
        as_of_date,
        covered_until_date,
        paid_through_date
    from {{ ref("int_customer_value__subscription_terms") }}

),

subscription_groups as (

    select
        plan,
        subscription_group,
        interval_months,
        interval_days
    from {{ ref("int_customer_value__subscription_groups") }}
    where as_of_role = 'calibration'

),

periods as (

    select
        customer_id,
        mrr,
        started_date,
        revenue_until_date
    from {{ ref("int_customer_value__subscription_periods") }}
    where period_kind in ('paid', 'paused', 'credit')

),

current_dates as (

    select
        {{ date_add_days(
            "as_of_date", -1 * subscription_grace_days()
        ) }} as followed_until_date
    from {{ ref("int_customer_value__subscription_dates") }}
    where as_of_role = 'current'

),

subscribers as (

    select *
    from terms
    where as_of_role = 'calibration' and is_last and term_state = 'active'

),

-- What became of the spell: its end, as it is known today.
spell_ends as (

    select
        customer_id,
        spell_number,
        max(covered_until_date) as spell_ended_date
    from terms
    where as_of_role = 'current'
    group by customer_id, spell_number

),

revenues as (

    select
        subscribers.customer_id,
        greatest(sum(periods.mrr), 0) as mrr
    from subscribers
    inner join periods
        on
            subscribers.customer_id = periods.customer_id
            and subscribers.as_of_date >= periods.started_date
            and subscribers.as_of_date < periods.revenue_until_date
    group by subscribers.customer_id

),

joined as (

    select
        subscribers.customer_id,
        subscription_groups.subscription_group,
        subscribers.interval_months,
        subscribers.interval_days,
        subscribers.renewals_paid,
        subscribers.paid_through_date,
        revenues.mrr,
        current_dates.followed_until_date,
        {{ date_add_days("spell_ends.spell_ended_date", -1) }} as last_covered_date
    from subscribers
    cross join current_dates
    inner join spell_ends
        on
            subscribers.customer_id = spell_ends.customer_id
            and subscribers.spell_number = spell_ends.spell_number
    inner join revenues on subscribers.customer_id = revenues.customer_id
    inner join subscription_groups
        on
            subscribers.plan = subscription_groups.plan
            and subscribers.interval_months = subscription_groups.interval_months
            and subscribers.interval_days = subscription_groups.interval_days

),

-- A renewal was paid where the subscriber is covered on the day on which it was due.
subscription_holdout as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        subscription_group,

        ---------- numerics
        renewals_paid,
        {{ billing_cycles("paid_through_date", "followed_until_date") }} + 1
            as renewals_due,
        case
            when last_covered_date < paid_through_date then 0
            when last_covered_date < followed_until_date
                then
                    {{ billing_cycles("paid_through_date", "last_covered_date") }} + 1
            else
                {{ billing_cycles("paid_through_date", "followed_until_date") }} + 1
        end as renewals_kept,
        mrr * case
            when interval_days > 0 then interval_days * 12.0 / 364
            else interval_months
        end as payment_amount
    from joined
    where paid_through_date <= followed_until_date

)

select * from subscription_holdout
