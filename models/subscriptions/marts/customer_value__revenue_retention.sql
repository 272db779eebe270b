with

closings as (

    select
        customer_id,
        closing_mrr,
        month_start_date
    from {{ ref("customer_value__recurring_revenue_months") }}
    where closing_mrr > 0

),

months as (

    select
        month_start_date,
        is_complete
    from {{ ref("int_customer_value__subscription_months") }}

),

windows as (

    select 1 as window_months
    union all
    select 12 as window_months

),

-- The customers of a month, and what they pay a window later: whoever joined in between
-- is not among them, whatever became of them.
cohorts as (

    select
        closings.customer_id,
        closings.closing_mrr as starting_mrr,
        windows.window_months,
        {{ date_add_months("closings.month_start_date", "windows.window_months") }}
            as month_start_date
    from closings
    cross join windows

),

followed as (

    select
        cohorts.month_start_date,
        cohorts.window_months,
        cohorts.starting_mrr,
        coalesce(closings.closing_mrr, 0) as closing_mrr
    from cohorts
    left join closings
        on
            cohorts.customer_id = closings.customer_id
            and cohorts.month_start_date = closings.month_start_date

),

sums as (

    select
        month_start_date,
        window_months,
        count(*) as starting_customer_count,
        count(case when closing_mrr > 0 then 1 end) as kept_customer_count,
        sum(starting_mrr) as starting_mrr,
        sum(closing_mrr) as kept_mrr,
        sum(least(starting_mrr, closing_mrr)) as kept_without_expansion_mrr
    from followed
    group by month_start_date, window_months

),

revenue_retention as (

    select
        ---------- numerics
        cast(sums.window_months as {{ dbt.type_int() }}) as window_months,
        cast(sums.starting_customer_count as {{ dbt.type_bigint() }})
            as starting_customer_count,
        cast(sums.kept_customer_count as {{ dbt.type_bigint() }})
            as kept_customer_count,
        cast(sums.starting_mrr as {{ type_money() }}) as starting_mrr,
        cast(sums.kept_mrr as {{ type_money() }}) as kept_mrr,
        cast(sums.kept_mrr as {{ type_double() }}) / sums.starting_mrr
            as net_revenue_retention,
        cast(sums.kept_without_expansion_mrr as {{ type_double() }})
        / sums.starting_mrr as gross_revenue_retention,
        cast(sums.kept_customer_count as {{ type_double() }})
        / sums.starting_customer_count as customer_retention,

        ---------- booleans
        months.is_complete,

        ---------- dates
        cast(sums.month_start_date as date) as month_start_date
    from sums
    inner join months on sums.month_start_date = months.month_start_date

)

select * from revenue_retention
