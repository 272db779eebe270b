{{ config(materialized="table") }}

{%- set grace_days = subscription_grace_days() %}
with

dates as (

    select
        as_of_role,
        as_of_date
    from {{ ref("int_customer_value__subscription_dates") }}

),

terms as (

    select
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
        as_of_role,
        plan,
        subscription_group,
        interval_months,
        interval_days
    from {{ ref("int_customer_value__subscription_groups") }}

),

current_dates as (

    select as_of_date as current_date_observed
    from dates
    where as_of_role = 'current'

),

-- A renewal that was due within the days of grace is not known for everybody: counting
-- those who have paid already, and not those who may still, would favour the curve. So
-- everybody is followed up to the same day before the date.
with_follow_up as (

    select
        *,
        {{ date_add_days("as_of_date", -1 * grace_days) }} as followed_until_date,
        {{ billing_cycle_days() }} as cycle_days
    from terms

),

with_later_cycles as (

    select
        *,
        case
            when paid_through_date > followed_until_date
                then {{ billing_cycles("followed_until_date", "paid_through_date") }}
            else 0
        end as later_cycles
    from with_follow_up

),

followed as (

    select
        with_later_cycles.*,
        renewals_paid
        - case
            when
                later_cycles > 0
                and {{ billing_cycles_later("followed_until_date", "later_cycles") }}
                = paid_through_date
                then later_cycles - 1
            else later_cycles
        end as known_renewals,
        term_state = 'churned' and covered_until_date <= followed_until_date as is_lost
    from with_later_cycles

),

observations as (

    select
        as_of_role,
        plan,
        interval_months,
        interval_days,
        cycle_days,
        case when known_renewals > 0 then known_renewals else 0 end as renewals_paid,
        case when is_lost then 1 else 0 end as lost_count,
        case when is_lost then 0 else 1 end as censored_count,
        0 as scored_count,
        case
            when
                is_lost
                and {{ date_diff_days("covered_until_date", "followed_until_date") }}
                < cycle_days
                then 1
            else 0
        end as recent_lost_count,
        case
            when covered_until_date > followed_until_date and known_renewals >= 1
                then 1
            else 0
        end as recent_kept_count
    from followed
    where spell_number = 1
    union all
    select
        as_of_role,
        plan,
        interval_months,
        interval_days,
        cycle_days,
        renewals_paid,
        0 as lost_count,
        0 as censored_count,
        1 as scored_count,
        0 as recent_lost_count,
        0 as recent_kept_count
    from followed
    where is_last and term_state in ('active', 'paused', 'in_grace')

),

-- As of today the lookup reaches over the horizon, as of the calibration date up to
-- today.
renewal_counts as (

    select
        ---------- strings
        observations.as_of_role,
        subscription_groups.subscription_group,

        ---------- numerics
        observations.renewals_paid,
        sum(observations.lost_count) as lost_count,
        sum(observations.censored_count) as censored_count,
        sum(observations.scored_count) as scored_count,
        sum(observations.recent_lost_count) as recent_lost_count,
        sum(observations.recent_kept_count) as recent_kept_count,
        max(observations.cycle_days) as cycle_days,
        max(
            ceil(
                (
                    case
                        when observations.as_of_role = 'current'
                            then {{ var("horizon_days") }}
                        else
                            {{ date_diff_days(
                                "dates.as_of_date",
                                "current_dates.current_date_observed"
                            ) }}
                    end + {{ grace_days }}
                ) / observations.cycle_days
            )
        ) + 1 as renewals_ahead_count
    from observations
    inner join dates on observations.as_of_role = dates.as_of_role
    cross join current_dates
    inner join subscription_groups
        on
            observations.as_of_role = subscription_groups.as_of_role
            and observations.plan = subscription_groups.plan
            and observations.interval_months = subscription_groups.interval_months
            and observations.interval_days = subscription_groups.interval_days
    group by
        observations.as_of_role,
        subscription_groups.subscription_group,
        observations.renewals_paid

)

select * from renewal_counts
