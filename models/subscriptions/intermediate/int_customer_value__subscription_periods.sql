{{ config(materialized="table") }}

{%- set input = subscription_input() -%}
{%- set grace_days = subscription_grace_days() -%}
{%- set open_end = "cast('2999-12-31' as date)" -%}
{%- set monthly_amount -%}
    cast(
        case
            when interval_days > 0 then amount * 364 / 12 / interval_days
            else amount / interval_months
        end as {{ type_money() }}
    )
{%- endset %}
with

subscription_lines as (

    select
        customer_id,
        subscription_id,
        plan,
        churn_reason,
        amount,
        interval_months,
        interval_days,
        is_paused,
        started_date,
        ended_date,
        trial_ended_date,
        cancelled_date,
        as_of_date
    from {{ ref("int_customer_value__subscription_lines") }}
    where exclusion_reason is null

),

{% if input == "subscription_changes" %}
    -- The running sum of the changes is what the customer pays per month.
    changes as (

        select
            customer_id,
            subscription_id,
            max(interval_months) as interval_months,
            max(interval_days) as interval_days,
            sum(amount) as amount,
            started_date,
            max(as_of_date) as as_of_date
        from subscription_lines
        group by customer_id, subscription_id, started_date

    ),

    running as (

        select
            customer_id,
            subscription_id,
            cast(null as {{ dbt.type_string() }}) as plan,
            cast(null as {{ dbt.type_string() }}) as churn_reason,
            interval_months,
            interval_days,
            cast(
                sum(amount) over (
                    partition by customer_id
                    order by started_date
                    rows between unbounded preceding and current row
                ) as {{ type_money() }}
            ) as mrr,
            false as is_paused,
            started_date,
            lead(started_date) over (
                partition by customer_id order by started_date
            ) as ended_date,
            cast(null as date) as trial_ended_date,
            as_of_date
        from changes

    ),

    -- Where the sum falls to nothing the customer has left, and said so.
    with_end as (

        select
            *,
            case
                when
                    lead(mrr) over (partition by customer_id order by started_date) <= 0
                    then ended_date
            end as cancelled_date
        from running

    ),

    monthly as (

        select
            *,
            cast(
                mrr
                * case
                    when interval_days > 0 then interval_days * 12.0 / 364
                    else interval_months
                end as {{ type_money() }}
            ) as amount
        from with_end
        where mrr > 0

    ),

{% else %}
    -- Payments of one subscription and day are one.
    lines as (

        select
            customer_id,
            subscription_id,
            plan,
            max(churn_reason) as churn_reason,
            interval_months,
            interval_days,
            sum(amount) as amount,
            is_paused,
            started_date,
            ended_date,
            max(trial_ended_date) as trial_ended_date,
            max(cancelled_date) as cancelled_date,
            max(as_of_date) as as_of_date
        from subscription_lines
        group by
            customer_id,
            subscription_id,
            plan,
            interval_months,
            interval_days,
            is_paused,
            started_date,
            ended_date

    ),

    -- A year has 52 weeks here: a week's amount times 52, over 12.
    monthly as (

        select
            *,
            {{ monthly_amount }} as mrr
        from lines

    ),

{% endif -%}
kinds as (

    select
        customer_id,
        subscription_id,
        plan,
        churn_reason,
        case
            when is_paused then 'paused'
            when amount > 0 then 'paid'
            when amount < 0 then 'credit'
            else 'free'
        end as period_kind,
        interval_months,
        interval_days,
        amount,
        mrr,
        started_date,
        coalesce(ended_date, {{ open_end }}) as ended_date,
        trial_ended_date,
        cancelled_date,
        as_of_date
    from monthly

),

-- The trial at the beginning of a paid period is a period free of charge by itself.
with_trials as (

    select
        customer_id,
        subscription_id,
        plan,
        churn_reason,
        period_kind,
        interval_months,
        interval_days,
        amount,
        mrr,
        case
            when trial_ended_date > started_date then trial_ended_date
            else started_date
        end as started_date,
        ended_date,
        cancelled_date,
        as_of_date
    from kinds
    where
        period_kind != 'paid'
        or trial_ended_date is null
        or (trial_ended_date < ended_date and trial_ended_date <= as_of_date)
    union all
    select
        customer_id,
        subscription_id,
        plan,
        churn_reason,
        'free' as period_kind,
        interval_months,
        interval_days,
        cast(0 as {{ type_money() }}) as amount,
        cast(0 as {{ type_money() }}) as mrr,
        started_date,
        case
            when trial_ended_date < ended_date then trial_ended_date
            else ended_date
        end as ended_date,
        cancelled_date,
        as_of_date
    from kinds
    where period_kind = 'paid' and trial_ended_date > started_date

),

-- The later of two periods of one subscription ends the earlier one, which is how an
-- upgrade looks.
successions as (

    select
        *,
        period_kind in ('paid', 'paused') as is_billed,
        lead(started_date) over (
            partition by
                customer_id,
                subscription_id,
                case when period_kind in ('paid', 'paused') then 1 else 0 end
            order by started_date, ended_date, amount
        ) as next_started_date
    from with_trials

),

ended as (

    select
        *,
        case
            when is_billed and next_started_date < ended_date then next_started_date
            when
                period_kind = 'paused'
                and ended_date
                > {{ date_add_days("started_date", var("subscription_pause_days")) }}
                then {{ date_add_days("started_date", var("subscription_pause_days")) }}
            else ended_date
        end as covered_until_date
    from successions

),

-- A payment that came late, but within the days of grace, leaves no gap.
bridged as (

    select
        *,
        case
            when
                is_billed
                and next_started_date
                <= {{ date_add_days("covered_until_date", grace_days) }}
                and next_started_date > covered_until_date
                then next_started_date
            else covered_until_date
        end as bridged_until_date
    from ended
    where covered_until_date > started_date

),

-- The same across the subscriptions of a customer: a stretch is a time without a gap.
with_covered_before as (

    select
        *,
        max(case when is_billed then bridged_until_date end) over (
            partition by customer_id, is_billed
            order by started_date, bridged_until_date, subscription_id
            rows between unbounded preceding and 1 preceding
        ) as covered_before_date
    from bridged

),

with_stretch as (

    select
        *,
        sum(case when started_date <= covered_before_date then 0 else 1 end) over (
            partition by customer_id, is_billed
            order by started_date, bridged_until_date, subscription_id
            rows between unbounded preceding and current row
        ) as stretch_number
    from with_covered_before

),

stretches as (

    select
        customer_id,
        is_billed,
        stretch_number,
        max(bridged_until_date) as stretch_ended_date,
        lead(min(started_date)) over (
            partition by customer_id order by stretch_number
        ) as next_stretch_date
    from with_stretch
    where is_billed
    group by customer_id, is_billed, stretch_number

),

-- Whoever is in grace today counts in the revenue until the grace is over; a customer
-- who said so has no grace.
periods as (

    select
        ---------- ids
        with_stretch.customer_id,
        with_stretch.subscription_id,

        ---------- strings
        with_stretch.plan,
        with_stretch.churn_reason,
        with_stretch.period_kind,

        ---------- numerics
        with_stretch.interval_months,
        with_stretch.interval_days,
        with_stretch.amount,
        with_stretch.mrr,

        ---------- dates
        with_stretch.started_date,
        with_stretch.covered_until_date,
        case
            when
                not with_stretch.is_billed
                or with_stretch.bridged_until_date < stretches.stretch_ended_date
                then with_stretch.bridged_until_date
            when
                stretches.next_stretch_date
                <= {{ date_add_days("stretches.stretch_ended_date", grace_days) }}
                then stretches.next_stretch_date
            when
                stretches.next_stretch_date is null
                and with_stretch.bridged_until_date <= with_stretch.as_of_date
                and {{ date_add_days("with_stretch.bridged_until_date", grace_days) }}
                >= with_stretch.as_of_date
                and coalesce(
                    with_stretch.cancelled_date > with_stretch.as_of_date, true
                )
                then {{ date_add_days("with_stretch.as_of_date", 1) }}
            else with_stretch.bridged_until_date
        end as revenue_until_date,
        case
            when with_stretch.cancelled_date <= with_stretch.as_of_date
                then with_stretch.cancelled_date
        end as cancelled_date,
        with_stretch.as_of_date
    from with_stretch
    left join stretches
        on
            with_stretch.customer_id = stretches.customer_id
            and with_stretch.is_billed = stretches.is_billed
            and with_stretch.stretch_number = stretches.stretch_number

)

select * from periods
