{%- set horizon_days = var("horizon_days") -%}
{%- set daily_discount = (1 + var("annual_discount_rate")) ** (-1 / 365) -%}
{%- set involuntary = quoted_words(var("involuntary_churn_reasons")) %}
with

dates as (

    select as_of_date
    from {{ ref("int_customer_value__subscription_dates") }}
    where as_of_role = 'current'

),

periods as (

    select
        customer_id,
        subscription_id,
        churn_reason,
        period_kind,
        mrr,
        started_date,
        covered_until_date,
        revenue_until_date,
        as_of_date
    from {{ ref("int_customer_value__subscription_periods") }}

),

terms as (

    select
        customer_id,
        plan,
        term_state,
        spell_number,
        interval_months,
        interval_days,
        renewals_paid,
        is_cancelled,
        covered_until_date,
        paid_through_date
    from {{ ref("int_customer_value__subscription_terms") }}
    where as_of_role = 'current' and is_last

),

subscription_groups as (

    select
        plan,
        subscription_group,
        interval_months,
        interval_days
    from {{ ref("int_customer_value__subscription_groups") }}
    where as_of_role = 'current'

),

renewal_lookup as (

    select
        subscription_group,
        model,
        renewals_paid,
        renewals_ahead,
        survival,
        expected_renewals,
        discounted_renewals,
        residual_renewals
    from {{ ref("score_customer_value__renewals") }}
    where as_of_role = 'current' and is_selected

),

-- Everybody with a period that counts, free of charge or paid for.
customers as (

    select
        customer_id,
        max(as_of_date) as as_of_date,
        min(case when period_kind = 'paid' then started_date end) as first_paid_date,
        max(
            case
                when period_kind = 'free' and covered_until_date > as_of_date then 1
                else 0
            end
        ) = 1 as is_free_today,
        greatest(
            sum(
                case
                    when
                        period_kind != 'free'
                        and started_date <= as_of_date
                        and revenue_until_date > as_of_date
                        then mrr
                    else 0
                end
            ),
            0
        ) as mrr,
        count(
            distinct
            case
                when
                    period_kind in ('paid', 'paused')
                    and started_date <= as_of_date
                    and revenue_until_date > as_of_date
                    then subscription_id
            end
        ) as subscription_count
    from periods
    where period_kind != 'credit' or started_date <= as_of_date
    group by customer_id

),

-- The reason that the period gives in which the cover ends.
reasons as (

    select
        terms.customer_id,
        max(periods.churn_reason) as churn_reason
    from terms
    inner join periods
        on
            terms.customer_id = periods.customer_id
            and terms.covered_until_date = periods.covered_until_date
    group by terms.customer_id

),

-- Whoever is in grace has the renewal that is overdue before them, as if it were due
-- today.
due as (

    select
        terms.*,
        dates.as_of_date,
        {{ date_add_days("dates.as_of_date", horizon_days) }} as horizon_date,
        case
            when terms.term_state = 'paused' then terms.covered_until_date
            when terms.term_state in ('active', 'in_grace') then terms.paid_through_date
        end as next_renewal_date,
        {{ date_add_days("terms.covered_until_date", -1) }} as last_covered_date
    from terms
    cross join dates

),

-- Whoever cancelled pays what is due before the end of the cover, and nothing after.
counted as (

    select
        *,
        case
            when
                next_renewal_date is null
                or next_renewal_date > horizon_date
                or (is_cancelled and last_covered_date < next_renewal_date)
                then 0
            when is_cancelled and last_covered_date < horizon_date
                then
                    {{ billing_cycles("next_renewal_date", "last_covered_date") }} + 1
            else {{ billing_cycles("next_renewal_date", "horizon_date") }} + 1
        end as renewals_ahead,
        case
            when next_renewal_date > as_of_date
                then {{ date_diff_days("as_of_date", "next_renewal_date") }}
            else 0
        end as days_ahead,
        case
            when interval_days > 0 then interval_days * 12.0 / 364
            else interval_months
        end as payment_months,
        -- Nothing is looked up without a renewal ahead. DuckDB would compare every row with
        -- every other if the join said so.
        case when next_renewal_date is not null then renewals_paid end
            as renewals_looked_up
    from due

),

forecasts as (

    select
        counted.*,
        subscription_groups.subscription_group,
        renewal_lookup.model,
        case
            when counted.next_renewal_date is null then null
            when counted.renewals_ahead = 0 and counted.is_cancelled then 0
            else next_lookup.survival
        end as renewal_probability,
        renewal_lookup.expected_renewals,
        renewal_lookup.discounted_renewals,
        case
            when counted.is_cancelled then renewal_lookup.discounted_renewals
            else renewal_lookup.residual_renewals
        end as residual_renewals
    from counted
    inner join subscription_groups
        on
            counted.plan = subscription_groups.plan
            and counted.interval_months = subscription_groups.interval_months
            and counted.interval_days = subscription_groups.interval_days
    left join renewal_lookup
        on
            subscription_groups.subscription_group = renewal_lookup.subscription_group
            and counted.renewals_looked_up = renewal_lookup.renewals_paid
            and counted.renewals_ahead = renewal_lookup.renewals_ahead
    left join renewal_lookup as next_lookup
        on
            subscription_groups.subscription_group = next_lookup.subscription_group
            and counted.renewals_looked_up = next_lookup.renewals_paid
            and next_lookup.renewals_ahead = 1

),

with_value as (

    select
        forecasts.*,
        customers.mrr
        * forecasts.payment_months
        * {{ var("gross_margin") }}
        * power({{ daily_discount }}, forecasts.days_ahead) as payment_value
    from forecasts
    inner join customers on forecasts.customer_id = customers.customer_id

),

subscribers as (

    select
        ---------- ids
        cast(customers.customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(
            case
                when with_value.customer_id is not null then with_value.term_state
                when customers.is_free_today then 'trial'
                else 'trial_ended'
            end as {{ dbt.type_string() }}
        ) as subscriber_state,
        cast(with_value.plan as {{ dbt.type_string() }}) as plan,
        cast(with_value.subscription_group as {{ dbt.type_string() }})
            as subscription_group,
        cast(
            case when with_value.term_state = 'churned' then reasons.churn_reason end
            as {{ dbt.type_string() }}
        ) as churn_reason,
        cast(with_value.model as {{ dbt.type_string() }}) as lifetime_value_model,

        ---------- numerics
        cast(customers.subscription_count as {{ dbt.type_bigint() }})
            as subscription_count,
        cast(coalesce(with_value.spell_number, 0) as {{ dbt.type_bigint() }})
            as spell_number,
        cast(coalesce(with_value.renewals_paid, 0) as {{ dbt.type_bigint() }})
            as renewals_paid,
        cast(customers.mrr as {{ type_money() }}) as mrr,
        cast(with_value.renewal_probability as {{ type_double() }})
            as renewal_probability,
        cast(with_value.expected_renewals as {{ type_double() }})
            as expected_renewals_365d,
        cast(
            with_value.payment_value * with_value.discounted_renewals
            as {{ type_double() }}
        ) as lifetime_value_365d,
        cast(
            with_value.payment_value * with_value.residual_renewals
            as {{ type_double() }}
        ) as residual_lifetime_value,

        ---------- booleans
        coalesce(
            with_value.spell_number > 1 and with_value.term_state != 'churned', false
        ) as is_reactivated,
        coalesce(with_value.is_cancelled, false) as is_cancelled,
        case
            when with_value.term_state = 'churned'
                then reasons.churn_reason in ({{ involuntary }})
        end as is_involuntary,

        ---------- dates
        cast(customers.first_paid_date as date) as first_paid_date,
        cast(with_value.next_renewal_date as date) as next_renewal_date,
        cast(
            case
                when with_value.term_state = 'churned'
                    then with_value.covered_until_date
            end as date
        ) as churned_date,
        cast(customers.as_of_date as date) as as_of_date
    from customers
    left join with_value on customers.customer_id = with_value.customer_id
    left join reasons on customers.customer_id = reasons.customer_id

)

select * from subscribers
