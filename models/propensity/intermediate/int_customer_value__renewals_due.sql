{{ config(materialized="table") }}

{%- set notice_days -%}
    case
        when cycle_days > {{ var("renewal_notice_days") }}
            then {{ var("renewal_notice_days") }}
        else cast(floor(cycle_days) as integer) - 1
    end
{%- endset %}
-- Everybody is seen the same days before the renewal: whoever has cancelled by then is
-- known to leave, and is no question any more.
with

role_dates as (

    select
        max(case when as_of_role = 'current' then as_of_date end) as current_as_of_date,
        max(case when as_of_role = 'calibration' then as_of_date end)
            as calibration_date
    from {{ ref("int_customer_value__subscription_dates") }}

),

-- A renewal is known once its days of grace are over. The test are those of the last
-- window; the training's were all known when the first of the test was foretold.
dates as (

    select
        current_as_of_date,
        calibration_date,
        {{ date_add_days("current_as_of_date", -1 * subscription_grace_days()) }}
            as known_until_date,
        {{ date_add_days(
            "current_as_of_date",
            "-1 * (" ~ subscription_grace_days() ~ " + " ~ var("activity_days") ~ ")"
        ) }} as before_test_date
    from role_dates

),

terms as (

    select
        customer_id,
        plan,
        term_state,
        term_number,
        spell_number,
        interval_months,
        interval_days,
        renewals_paid,
        is_cancelled,
        started_date,
        covered_until_date,
        paid_through_date,
        {{ billing_cycle_days() }} as cycle_days
    from {{ ref("int_customer_value__subscription_terms") }}
    where as_of_role = 'current'

),

cancellations as (

    select
        customer_id,
        covered_until_date,
        min(cancelled_date) as cancelled_date
    from {{ ref("int_customer_value__subscription_periods") }}
    where cancelled_date is not null
    group by customer_id, covered_until_date

),

renewals_back as (

    {{ whole_numbers(1000) }}

),

-- Counted back from what has been paid for: where a payment came late, the days on
-- which those before it were due are later here than they were.
paid as (

    select
        terms.*,
        terms.renewals_paid - renewals_back.whole_number as paid_before,
        0 as label,
        {{ billing_cycles_later(
            "terms.paid_through_date", "-1 * renewals_back.whole_number"
        ) }} as due_date
    from terms
    cross join dates
    inner join renewals_back
        on
            terms.renewals_paid >= renewals_back.whole_number
            and {{ date_diff_days(
                "dates.calibration_date", "terms.paid_through_date"
            ) }} / terms.cycle_days >= renewals_back.whole_number - 1
    where renewals_back.whole_number >= 1

),

not_paid as (

    select
        terms.*,
        terms.renewals_paid as paid_before,
        1 as label,
        terms.covered_until_date as due_date
    from terms
    left join cancellations
        on
            terms.customer_id = cancellations.customer_id
            and terms.covered_until_date = cancellations.covered_until_date
    where
        terms.term_state = 'churned'
        and coalesce(
            cancellations.cancelled_date
            > {{ date_add_days("terms.covered_until_date", "-1 * " ~ notice_days) }},
            true
        )

),

due as (

    select * from paid
    union all
    select * from not_paid

),

noticed as (

    select
        due.*,
        dates.calibration_date,
        dates.known_until_date,
        dates.before_test_date,
        {{ date_add_days("due.due_date", "-1 * " ~ notice_days) }} as as_of_date
    from due
    cross join dates

),

-- The curve of the renewals is that of the calibration date, so that training takes
-- renewals from then on.
with_fold as (

    select
        *,
        case
            when due_date > known_until_date or as_of_date < calibration_date then null
            when due_date > before_test_date then 'test'
            when
                {{ date_add_days(
                    "due_date",
                    subscription_grace_days() ~ " + " ~ var("renewal_notice_days")
                ) }} <= before_test_date
                then 'training'
        end as fold
    from noticed
    where as_of_date >= started_date

),

renewals_due as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        fold,
        plan,

        ---------- numerics
        interval_months,
        interval_days,
        cycle_days,
        spell_number,
        term_number,
        paid_before as renewals_paid,
        label,

        ---------- dates
        due_date,
        as_of_date
    from with_fold
    where fold is not null
    union all
    select
        terms.customer_id,
        'current' as fold,
        terms.plan,
        terms.interval_months,
        terms.interval_days,
        terms.cycle_days,
        terms.spell_number,
        terms.term_number,
        terms.renewals_paid,
        cast(null as integer) as label,
        terms.paid_through_date as due_date,
        dates.current_as_of_date as as_of_date
    from terms
    cross join dates
    where terms.term_state = 'active' and not terms.is_cancelled

)

select * from renewals_due
