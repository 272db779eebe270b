{{ config(materialized="table") }}

-- What was known of a subscriber some days before a renewal, and nothing later.
with

observations as (

    select distinct
        customer_id,
        as_of_date
    from {{ ref("int_customer_value__propensity_observations") }}
    where target = 'subscription_churn'

),

renewals_due as (

    select
        customer_id,
        fold,
        plan,
        interval_months,
        interval_days,
        cycle_days,
        spell_number,
        term_number,
        renewals_paid,
        as_of_date
    from {{ ref("int_customer_value__renewals_due") }}

),

periods as (

    select
        customer_id,
        subscription_id,
        period_kind,
        mrr,
        started_date,
        covered_until_date,
        revenue_until_date
    from {{ ref("int_customer_value__subscription_periods") }}

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

-- The curve of each group, as it was known on the calibration date.
curves as (

    select
        subscription_group,
        renewals_ahead as renewal,
        survival,
        lag(survival) over (
            partition by subscription_group order by renewals_ahead
        ) as survival_before,
        max(renewals_ahead) over (partition by subscription_group) as last_renewal
    from {{ ref("score_customer_value__renewals") }}
    where as_of_role = 'calibration' and is_selected and renewals_paid = 0

),

reaches as (

    select
        subscription_group,
        max(last_renewal) as last_renewal
    from curves
    group by subscription_group

),

wanted as (

    select renewals_due.*
    from renewals_due
    left join observations
        on
            renewals_due.customer_id = observations.customer_id
            and renewals_due.as_of_date = observations.as_of_date
    where renewals_due.fold = 'current' or observations.customer_id is not null

),

histories as (

    select
        wanted.customer_id,
        wanted.as_of_date,
        {{ date_diff_days("min(periods.started_date)", "wanted.as_of_date") }}
            as age_days,
        sum(
            case
                when
                    periods.period_kind != 'free'
                    and periods.revenue_until_date > wanted.as_of_date
                    then periods.mrr
                else 0
            end
        ) as mrr,
        sum(
            case
                when
                    periods.period_kind != 'free'
                    and periods.started_date
                    <= {{ date_add_days(
                        "wanted.as_of_date", "-1 * " ~ var("activity_days")
                    ) }}
                    and periods.revenue_until_date
                    > {{ date_add_days(
                        "wanted.as_of_date", "-1 * " ~ var("activity_days")
                    ) }}
                    then periods.mrr
                else 0
            end
        ) as previous_mrr,
        count(
            distinct
            case
                when
                    periods.period_kind in ('paid', 'paused')
                    and periods.revenue_until_date > wanted.as_of_date
                    then periods.subscription_id
            end
        ) as subscription_count,
        -- Days of grace that count in the revenue are those before a late payment.
        count(
            case
                when
                    periods.period_kind = 'paid'
                    and periods.revenue_until_date > periods.covered_until_date
                    and periods.revenue_until_date <= wanted.as_of_date
                    then 1
            end
        ) as late_payment_count,
        max(case when periods.period_kind = 'free' then 1 else 0 end) as has_trial
    from wanted
    inner join periods
        on
            wanted.customer_id = periods.customer_id
            and wanted.as_of_date >= periods.started_date
    group by wanted.customer_id, wanted.as_of_date

),

with_curve as (

    select
        wanted.*,
        histories.age_days,
        histories.mrr,
        histories.previous_mrr,
        histories.subscription_count,
        histories.late_payment_count,
        histories.has_trial,
        1 - curves.survival / nullif(curves.survival_before, 0) as loss_probability,
        count(*) over (partition by wanted.fold) as fold_count
    from wanted
    inner join histories
        on
            wanted.customer_id = histories.customer_id
            and wanted.as_of_date = histories.as_of_date
    left join subscription_groups
        on
            wanted.plan = subscription_groups.plan
            and wanted.interval_months = subscription_groups.interval_months
            and wanted.interval_days = subscription_groups.interval_days
    left join reaches
        on subscription_groups.subscription_group = reaches.subscription_group
    left join curves
        on
            reaches.subscription_group = curves.subscription_group
            and curves.renewal = least(wanted.renewals_paid + 1, reaches.last_renewal)

),

with_log_odds as (

    select
        *,
        {{ log_odds("loss_probability") }} as log_odds
    from with_curve

),

-- A plan that did not exist on the calibration date has the mean of the others.
mean_log_odds as (

    select {{ exact_sum("log_odds") }} / count(log_odds) as mean_log_odds
    from with_log_odds
    where log_odds is not null

),

renewal_features as (

    select
        ---------- ids
        with_log_odds.customer_id,

        ---------- numerics
        {{ log_feature("with_log_odds.renewals_paid") }} as subscription_renewals_paid,
        {{ log_feature("with_log_odds.age_days") }} as subscription_age_days,
        {{ log_feature("with_log_odds.cycle_days") }} as subscription_cycle_days,
        {{ log_feature("with_log_odds.mrr") }} as subscription_mrr,
        case
            when with_log_odds.previous_mrr > 0
                then
                    ln(
                        cast(
                            1 + greatest(with_log_odds.mrr, 0) as {{ type_double() }}
                        )
                        / cast(1 + with_log_odds.previous_mrr as {{ type_double() }})
                    )
            else 0
        end as subscription_mrr_change,
        cast(with_log_odds.subscription_count as {{ type_double() }})
            as subscription_count,
        {{ log_feature("with_log_odds.late_payment_count") }}
            as subscription_late_payments,
        cast(
            with_log_odds.term_number - with_log_odds.spell_number
            as {{ type_double() }}
        ) as subscription_plan_changes,
        cast(with_log_odds.spell_number - 1 as {{ type_double() }})
            as subscription_returns,
        cast(with_log_odds.has_trial as {{ type_double() }}) as subscription_trials,
        coalesce(with_log_odds.log_odds, mean_log_odds.mean_log_odds)
            as subscription_log_odds,
        {{ score_batch("with_log_odds.customer_id", "with_log_odds.fold_count") }}
            as batch_number,

        ---------- booleans
        with_log_odds.fold = 'current' as is_current,

        ---------- dates
        with_log_odds.as_of_date
    from with_log_odds
    cross join mean_log_odds

)

select * from renewal_features
