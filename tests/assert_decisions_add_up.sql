{{ config(enabled=is_on("decisions")) }}
{% call where_built() %}
-- Each table of decisions splits the same customers, revenue, profit and budget, and none
-- gives money to a segment from which another takes it.
with

customers as (

    select
        count(*) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref("customer_value__customers") }}

),

profits as (

    select
        count(*) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(profit), 0) as profit
    from {{ ref("customer_value__customer_profitability") }}

),

budgets as (

    select coalesce(sum(budget), 0) as budget
    from {{ ref("customer_value__budget_scenarios") }}
    where scenario = 'current'

),

counts as (

    select
        'customer_profitability' as place,
        customer_count,
        net_revenue
    from profits
    union all
    select
        'segment_portfolio' as place,
        coalesce(sum(customer_count), 0) as customer_count,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref("customer_value__segment_portfolio") }}
    union all
    select
        concat('acquisition_return ', grouping_name) as place,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue
    from {{ ref("customer_value__acquisition_return") }}
    group by grouping_name
    having sum(customer_count) > 0

),

profit_totals as (

    select
        'segment_portfolio' as place,
        coalesce(sum(profit), 0) as profit
    from {{ ref("customer_value__segment_portfolio") }}
    union all
    select
        'concentration' as place,
        coalesce(sum(amount), 0) as profit
    from {{ ref("customer_value__concentration") }}
    where measure = 'profit'

),

budget_totals as (

    select
        concat('budget_scenarios ', scenario) as place,
        sum(budget) as budget
    from {{ ref("customer_value__budget_scenarios") }}
    -- The profitable scenario spends what brings itself back, and no more.
    where scenario != 'profitable'
    group by scenario
    union all
    select
        concat('budget_phases ', cast(phase as {{ dbt.type_string() }})) as place,
        sum(budget) as budget
    from {{ ref("customer_value__budget_phases") }}
    group by phase
    union all
    select
        'segment_portfolio' as place,
        coalesce(sum(budget_after), 0) as budget
    from {{ ref("customer_value__segment_portfolio") }}

),

-- What is moved from one segment to another is spent on it.
services as (

    select
        'segment_portfolio, cost to serve' as place,
        sum(cost_to_serve) as cost_to_serve,
        sum(cost_to_serve_after) as cost_to_serve_after
    from {{ ref("customer_value__segment_portfolio") }}

),

-- Today's budget is within the bounds of the optimum, which so cannot bring less.
optima as (

    select
        'optimal is below current' as place,
        sum(
            case when scenario = 'optimal' then response_value_base else 0 end
        ) as optimal_value,
        sum(
            case when scenario = 'current' then response_value_base else 0 end
        ) as current_value,
        sum(
            case when scenario = 'shifted' then response_value_base else 0 end
        ) as shifted_value,
        sum(
            case
                when scenario = 'optimal' then response_value_base - budget else 0
            end
        ) as optimal_net,
        sum(
            case
                when scenario = 'profitable' then response_value_base - budget else 0
            end
        ) as profitable_net
    from {{ ref("customer_value__budget_scenarios") }}

),

-- An assessed fit may overrule the best division of the budget.
contradictions as (

    select concat('segment_portfolio, ', portfolio.segment) as place
    from {{ ref("customer_value__segment_portfolio") }} as portfolio
    inner join {{ ref("customer_value__budget_scenarios") }} as scenarios
        on portfolio.segment = scenarios.segment
    where
        scenarios.scenario = 'optimal'
        and portfolio.strategic_fit is null
        and portfolio.budget_change * scenarios.budget_change < 0

)

select counts.place
from counts
cross join customers
where
    counts.customer_count != customers.customer_count
    or counts.net_revenue != customers.net_revenue
union all
select profit_totals.place
from profit_totals
cross join profits
where profit_totals.profit != profits.profit
union all
select budget_totals.place
from budget_totals
cross join budgets
where budget_totals.budget != budgets.budget
union all
select place
from services
where cost_to_serve != cost_to_serve_after
union all
select place
from optima
where
    optimal_value < greatest(current_value, shifted_value) - 0.01
    or profitable_net < optimal_net - 0.02
union all
select place
from contradictions
{% endcall %}
