with

fits as (

    select distinct
        subscription_group,
        finding
    from {{ ref("fit_customer_value__subscription_models") }}
    where
        as_of_role = 'current'
        and model = 'observed'
        and (is_selected or estimate is null)

),

terms as (

    select
        plan,
        covered_until_date
    from {{ ref("int_customer_value__subscription_terms") }}
    where as_of_role = 'current' and term_state = 'churned'

),

lost_per_day as (

    select
        plan,
        covered_until_date,
        count(*) as lost_count,
        sum(count(*)) over (partition by plan) as all_lost_count
    from terms
    group by plan, covered_until_date

),

dates as (

    select
        max(as_of_date) as as_of_date,
        max(bulk_date) as bulk_date
    from {{ ref("int_customer_value__subscription_lines") }}

),

-- A whole plan that ends on one day was moved elsewhere, or its dates are no dates. A
-- last day that stands alone makes everybody look lapsed.
subscription_warnings as (

    select
        'no_renewal_model' as warning_code,
        subscription_group as subject,
        concat('Renewals of ', subscription_group, ': ', finding) as sentence
    from fits
    union all
    select
        'plan_ended_at_once' as warning_code,
        plan as subject,
        concat(
            {{ number_text("100.0 * lost_count / all_lost_count", 0) }},
            ' % of those who left the plan ',
            plan,
            ' did so on ',
            cast(covered_until_date as {{ dbt.type_string() }}),
            ': where they were moved to another plan, give their new periods the same ',
            'customer_id, or the move counts as churn.'
        ) as sentence
    from lost_per_day
    where all_lost_count >= 20 and 2 * lost_count > all_lost_count
    union all
    select
        'isolated_as_of_date' as warning_code,
        'subscriptions' as subject,
        concat(
            'The as-of date of the subscriptions, ',
            cast(as_of_date as {{ dbt.type_string() }}),
            ', lies ',
            {{ number_text(date_diff_days("bulk_date", "as_of_date"), 0) }},
            ' days after ',
            cast(bulk_date as {{ dbt.type_string() }}),
            ', by which all but a few rows begin or are cancelled: if a date is ',
            'mistyped, correct it, or set as_of_date.'
        ) as sentence
    from dates
    where
        {{ date_diff_days("bulk_date", "as_of_date") }} > {{ var("activity_days") }}
        {{- " and 1 = 0" if var("as_of_date") }}

)

select * from subscription_warnings
