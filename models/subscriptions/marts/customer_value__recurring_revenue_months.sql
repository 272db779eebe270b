with

periods as (

    select
        customer_id,
        mrr,
        started_date,
        revenue_until_date
    from {{ ref("int_customer_value__subscription_periods") }}
    where period_kind in ('paid', 'paused', 'credit')

),

months as (

    select
        is_complete,
        month_start_date,
        measured_date
    from {{ ref("int_customer_value__subscription_months") }}

),

-- A credit reduces what the customer pays, but never below nothing.
closings as (

    select
        periods.customer_id,
        months.month_start_date,
        cast(
            greatest(sum(periods.mrr), 0) as {{ type_money() }}
        ) as closing_mrr
    from periods
    inner join months
        on
            periods.started_date <= months.measured_date
            and periods.revenue_until_date > months.measured_date
    group by periods.customer_id, months.month_start_date

),

paying as (

    select
        customer_id,
        month_start_date,
        closing_mrr,
        lag(month_start_date) over (
            partition by customer_id order by month_start_date
        ) as previous_month_date,
        lag(closing_mrr) over (
            partition by customer_id order by month_start_date
        ) as previous_mrr,
        lead(month_start_date) over (
            partition by customer_id order by month_start_date
        ) as next_month_date
    from closings
    where closing_mrr > 0

),

-- The month after the last one with revenue has a row too: the churn.
steps as (

    select
        customer_id,
        month_start_date,
        case
            when
                previous_month_date
                = {{ date_add_months("month_start_date", -1) }}
                then previous_mrr
            else 0
        end as opening_mrr,
        closing_mrr,
        previous_month_date is null as is_first
    from paying
    union all
    select
        customer_id,
        {{ date_add_months("month_start_date", 1) }} as month_start_date,
        closing_mrr as opening_mrr,
        0 as closing_mrr,
        false as is_first
    from paying
    where
        next_month_date is null
        or next_month_date > {{ date_add_months("month_start_date", 1) }}

),

recurring_revenue_months as (

    select
        ---------- ids
        cast(steps.customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(
            case
                when steps.is_first then 'new'
                when steps.opening_mrr = 0 then 'reactivation'
                when steps.closing_mrr = 0 then 'churn'
                when steps.closing_mrr > steps.opening_mrr then 'expansion'
                when steps.closing_mrr < steps.opening_mrr then 'contraction'
                else 'retained'
            end as {{ dbt.type_string() }}
        ) as movement,

        ---------- numerics
        cast(steps.opening_mrr as {{ type_money() }}) as opening_mrr,
        cast(
            case when steps.is_first then steps.closing_mrr else 0 end
            as {{ type_money() }}
        ) as new_mrr,
        cast(
            case
                when steps.opening_mrr > 0 and steps.closing_mrr > steps.opening_mrr
                    then steps.closing_mrr - steps.opening_mrr
                else 0
            end as {{ type_money() }}
        ) as expansion_mrr,
        cast(
            case
                when
                    steps.closing_mrr > 0
                    and steps.closing_mrr < steps.opening_mrr
                    then steps.closing_mrr - steps.opening_mrr
                else 0
            end as {{ type_money() }}
        ) as contraction_mrr,
        cast(
            case when steps.closing_mrr = 0 then -1 * steps.opening_mrr else 0 end
            as {{ type_money() }}
        ) as churn_mrr,
        cast(
            case
                when steps.opening_mrr = 0 and not steps.is_first
                    then steps.closing_mrr
                else 0
            end as {{ type_money() }}
        ) as reactivation_mrr,
        cast(steps.closing_mrr as {{ type_money() }}) as closing_mrr,

        ---------- booleans
        months.is_complete,

        ---------- dates
        cast(steps.month_start_date as date) as month_start_date
    from steps
    inner join months on steps.month_start_date = months.month_start_date

)

select * from recurring_revenue_months
