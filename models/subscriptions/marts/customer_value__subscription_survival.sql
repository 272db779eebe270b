{#- The logarithms are summed as decimals: a sum of doubles depends on the order of the
    rows. #}
{%- set exact = type_decimal(38, 30) %}
with

renewal_lookup as (

    select
        subscription_group,
        model,
        renewals_ahead,
        survival
    from {{ ref("score_customer_value__renewals") }}
    where as_of_role = 'current' and renewals_paid = 0

),

renewal_counts as (

    select
        subscription_group,
        renewals_paid,
        lost_count,
        censored_count
    from {{ ref("int_customer_value__renewal_counts") }}
    where as_of_role = 'current'

),

fits as (

    select
        subscription_group,
        model
    from {{ ref("fit_customer_value__subscription_models") }}
    where as_of_role = 'current' and is_selected
    group by subscription_group, model

),

curves as (

    select
        subscription_group,
        renewals_ahead as renewal
        {%- for model in ["geometric", "sbg", "bdw"] %},
            max(case when model = '{{ model }}' then survival end)
                as survival_{{ model }}
        {%- endfor %}
    from renewal_lookup
    group by subscription_group, renewals_ahead

),

-- Who is lost at a renewal has paid the one before.
with_counts as (

    select
        curves.*,
        coalesce(renewal_counts.lost_count, 0) as lost_count,
        coalesce(renewal_counts.censored_count, 0) as censored_count
    from curves
    left join renewal_counts
        on
            curves.subscription_group = renewal_counts.subscription_group
            and curves.renewal = renewal_counts.renewals_paid + 1

),

risks as (

    select
        *,
        sum(lost_count + censored_count) over (
            partition by subscription_group
            order by renewal desc
            rows between unbounded preceding and current row
        ) - censored_count as at_risk_count
    from with_counts

),

-- The factors of Kaplan & Meier (1958) and the terms of Greenwood's variance.
terms as (

    select
        *,
        case
            when lost_count < at_risk_count
                then
                    cast(
                        ln(
                            1 - cast(lost_count as {{ type_double() }}) / at_risk_count
                        ) as {{ exact }}
                    )
        end as log_survival_term,
        case
            when lost_count < at_risk_count
                then
                    cast(
                        cast(lost_count as {{ type_double() }})
                        / at_risk_count
                        / (at_risk_count - lost_count) as {{ exact }}
                    )
        end as greenwood_term
    from risks
    where at_risk_count > 0

),

sums as (

    select
        *,
        cast(
            sum(log_survival_term) over (
                partition by subscription_group
                order by renewal
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as log_survival,
        cast(
            sum(greenwood_term) over (
                partition by subscription_group
                order by renewal
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) as greenwood_sum
    from terms

),

subscription_survival as (

    select
        ---------- strings
        cast(sums.subscription_group as {{ dbt.type_string() }}) as subscription_group,
        cast(fits.model as {{ dbt.type_string() }}) as selected_model,

        ---------- numerics
        cast(sums.renewal as {{ dbt.type_bigint() }}) as renewal,
        cast(sums.at_risk_count as {{ dbt.type_bigint() }}) as at_risk_count,
        cast(sums.lost_count as {{ dbt.type_bigint() }}) as lost_count,
        cast(
            case
                when sums.lost_count < sums.at_risk_count then exp(sums.log_survival)
                else 0
            end as {{ type_double() }}
        ) as survival,
        cast(
            case
                when sums.lost_count < sums.at_risk_count
                    then exp(sums.log_survival) * sqrt(sums.greenwood_sum)
            end as {{ type_double() }}
        ) as standard_error,
        cast(sums.survival_geometric as {{ type_double() }}) as survival_geometric,
        cast(sums.survival_sbg as {{ type_double() }}) as survival_sbg,
        cast(sums.survival_bdw as {{ type_double() }}) as survival_bdw
    from sums
    left join fits on sums.subscription_group = fits.subscription_group

)

select * from subscription_survival
