{{ config(materialized="table") }}

{%- set grace_days = subscription_grace_days() %}
with

dates as (

    select
        as_of_role,
        as_of_date
    from {{ ref("int_customer_value__subscription_dates") }}

),

periods as (

    select
        customer_id,
        subscription_id,
        plan,
        period_kind,
        interval_months,
        interval_days,
        started_date,
        covered_until_date,
        cancelled_date
    from {{ ref("int_customer_value__subscription_periods") }}
    where period_kind in ('paid', 'paused')

),

-- What was known on a date: the periods that had begun, and who had cancelled by then.
known as (

    select
        dates.as_of_role,
        dates.as_of_date,
        periods.customer_id,
        periods.subscription_id,
        coalesce(periods.plan, 'all') as plan,
        periods.period_kind = 'paused' as is_paused,
        periods.interval_months,
        periods.interval_days,
        periods.started_date,
        periods.covered_until_date,
        coalesce(periods.cancelled_date <= dates.as_of_date, false) as is_cancelled,
        max(periods.covered_until_date) over (
            partition by dates.as_of_role, periods.customer_id
            order by
                periods.started_date asc,
                periods.covered_until_date desc,
                periods.subscription_id asc
            rows between unbounded preceding and 1 preceding
        ) as covered_before_date
    from periods
    inner join dates on periods.started_date <= dates.as_of_date

),

-- A customer's periods in a row: one that lies within the time that others cover adds
-- nothing, so that subscriptions side by side are not renewed twice.
chain as (

    select
        *,
        case
            when covered_before_date > started_date then covered_before_date
            else started_date
        end as extended_from_date,
        coalesce(
            started_date
            > {{ date_add_days("covered_before_date", grace_days) }},
            true
        ) as is_spell_start
    from known
    where covered_before_date is null or covered_until_date > covered_before_date

),

-- A spell is a time without a longer gap than the days of grace, a term the part of it
-- with one plan and one billing interval.
with_previous as (

    select
        *,
        lag(plan) over (
            partition by as_of_role, customer_id order by extended_from_date
        ) as previous_plan,
        lag(interval_months) over (
            partition by as_of_role, customer_id order by extended_from_date
        ) as previous_interval_months,
        lag(interval_days) over (
            partition by as_of_role, customer_id order by extended_from_date
        ) as previous_interval_days
    from chain

),

numbered as (

    select
        *,
        sum(case when is_spell_start then 1 else 0 end) over (
            partition by as_of_role, customer_id
            order by extended_from_date
            rows between unbounded preceding and current row
        ) as spell_number,
        sum(
            case
                when
                    is_spell_start
                    or plan != previous_plan
                    or interval_months != previous_interval_months
                    or interval_days != previous_interval_days
                    then 1
                else 0
            end
        ) over (
            partition by as_of_role, customer_id
            order by extended_from_date
            rows between unbounded preceding and current row
        ) as term_number,
        row_number() over (
            partition by as_of_role, customer_id order by extended_from_date desc
        ) as number_from_end
    from with_previous

),

-- The interval in which the cover ends, or on the date is running, was paid for as a
-- whole: the next renewal is at its end.
with_cycles as (

    select
        *,
        case
            when covered_until_date > as_of_date
                then {{ billing_cycles("started_date", "as_of_date") }} + 1
            else {{ billing_cycles("started_date", "covered_until_date") }}
        end as cycle_count,
        {{ billing_cycle_days() }} as cycle_days
    from numbered

),

with_cycle_end as (

    select
        *,
        {{ billing_cycles_later("started_date", "cycle_count") }} as full_cycle_date,
        {{ billing_cycles_later("started_date", "cycle_count + 1") }}
            as started_cycle_date
    from with_cycles

),

with_paid_through as (

    select
        *,
        case
            when is_paused then covered_until_date
            when
                covered_until_date > as_of_date
                or full_cycle_date >= covered_until_date
                then full_cycle_date
            else started_cycle_date
        end as paid_through_date,
        row_number() over (
            partition by as_of_role, customer_id, term_number
            order by extended_from_date desc
        ) as number_from_term_end
    from with_cycle_end

),

-- Payments are counted in lengths of the interval, so that one that came some days
-- early or late, and the two halves of a month with a change of price, count as they
-- should.
terms as (

    select
        as_of_role,
        customer_id,
        term_number,
        max(as_of_date) as as_of_date,
        max(plan) as plan,
        max(interval_months) as interval_months,
        max(interval_days) as interval_days,
        max(spell_number) as spell_number,
        min(extended_from_date) as started_date,
        max(covered_until_date) as covered_until_date,
        max(case when number_from_term_end = 1 then paid_through_date end)
            as paid_through_date,
        max(case when number_from_end = 1 then 1 else 0 end) = 1 as is_last,
        max(case when number_from_term_end = 1 and is_paused then 1 else 0 end) = 1
            as is_paused,
        max(case when number_from_term_end = 1 and is_cancelled then 1 else 0 end) = 1
            as is_cancelled,
        round(
            sum(
                case
                    when is_paused then 0
                    when number_from_term_end = 1
                        then
                            {{ date_diff_days(
                                "extended_from_date", "paid_through_date"
                            ) }}
                    else
                        {{ date_diff_days(
                            "extended_from_date", "covered_until_date"
                        ) }}
                end / cycle_days
            )
        ) as payment_count
    from with_paid_through
    group by as_of_role, customer_id, term_number

),

with_next as (

    select
        *,
        lead(spell_number) over (
            partition by as_of_role, customer_id order by term_number
        ) as next_spell_number
    from terms

),

-- In grace is neither kept nor lost: the renewal that is due is not known yet. Whoever
-- cancelled, and is no longer covered, is lost without grace.
with_state as (

    select
        *,
        case
            when next_spell_number = spell_number then 'changed'
            when next_spell_number is not null then 'churned'
            when covered_until_date > as_of_date and is_paused then 'paused'
            when covered_until_date > as_of_date then 'active'
            when
                not is_cancelled
                and {{ date_add_days("covered_until_date", grace_days) }} >= as_of_date
                then 'in_grace'
            else 'churned'
        end as term_state
    from with_next

),

subscription_terms as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        as_of_role,
        plan,
        term_state,

        ---------- numerics
        cast(term_number as integer) as term_number,
        cast(spell_number as integer) as spell_number,
        interval_months,
        interval_days,
        cast(case when payment_count > 1 then payment_count - 1 else 0 end as integer)
            as renewals_paid,

        ---------- booleans
        is_last,
        is_cancelled,

        ---------- dates
        as_of_date,
        started_date,
        covered_until_date,
        paid_through_date
    from with_state

)

select * from subscription_terms
