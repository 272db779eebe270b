{%- set cases = ["low", "base", "high"] -%}
with

profits as (

    select
        customer_id,
        segment,
        net_revenue,
        cost_of_goods,
        profit,
        assumption_source
    from {{ ref("customer_value__customer_profitability") }}

),

customers as (

    select
        segment,
        recommended_action,
        action_priority
    from {{ ref("customer_value__customers") }}

),

segments as (

    select
        segment,
        segment_order
    from {{ ref("customer_value__segments") }}

),

segment_months as (

    select
        segment,
        forecast_revenue
    from {{ ref("int_customer_value__segment_forecast_months") }}
    where month_ahead <= 12

),

strategic_fit as (

    select
        segment,
        cast(fit as {{ type_double() }}) as fit,
        source
    from {{ ref("customer_value__strategic_fit") }}

),

budget_segments as (

    select
        segment,
        forecast_value,
        budget_cents,
        spend_scale,
        response_low,
        response_base,
        response_high,
        -- What more spending could add to the margin of the year at most.
        case
            when spend_scale > 0
                then response_base * exp(-1 * budget_cents / 100.0 / spend_scale)
            else 0
        end as winnable_value,
        assumption_row,
        assumption_source
    from {{ ref("int_customer_value__budget_segments") }}

),

-- The change of each budget in the best division of the same total.
best_changes as (

    select
        segment,
        cast(budget_change as {{ type_double() }}) as best_change
    from {{ ref("customer_value__budget_scenarios") }}
    where scenario = 'optimal'

),

segment_profits as (

    select
        segment,
        count(*) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(net_revenue - cost_of_goods - profit) as past_cost_to_serve,
        sum(profit) as profit,
        min(assumption_source) as profit_source
    from profits
    group by segment

),

actions as (

    select
        segment,
        recommended_action,
        action_priority,
        count(*) as customer_count
    from customers
    group by segment, recommended_action, action_priority

),

numbered_actions as (

    select
        *,
        {{ action_place("segment") }} as action_place,
        cast(customer_count as {{ type_double() }})
        / sum(customer_count) over (partition by segment) as action_customer_share,
        cast(sum(action_priority * customer_count) over () as {{ type_double() }})
        / sum(customer_count) over () as mean_action_priority
    from actions

),

next_years as (

    select
        segment,
        {{ exact_sum("forecast_revenue") }} as next_revenue
    from segment_months
    group by segment

),

totals as (

    select
        sum(net_revenue) as net_revenue,
        sum(past_cost_to_serve) as past_cost_to_serve,
        cast(sum(profit) as {{ type_double() }})
        / nullif(sum(customer_count), 0) as mean_profit
    from segment_profits

),

winnable as (

    select
        {{ exact_sum("winnable_value") }}
        / nullif({{ exact_sum("forecast_value") }}, 0) as mean_winnable_share
    from budget_segments

),

segment_figures as (

    select
        segments.segment,
        segments.segment_order,
        totals.mean_profit,
        winnable.mean_winnable_share,
        numbered_actions.recommended_action,
        numbered_actions.action_priority,
        numbered_actions.mean_action_priority,
        numbered_actions.action_customer_share,
        strategic_fit.fit,
        segment_profits.profit_source,
        strategic_fit.source as fit_source,
        budget_segments.forecast_value,
        budget_segments.budget_cents,
        budget_segments.spend_scale,
        {% for effect_case in cases %}
            budget_segments.response_{{ effect_case }},
        {% endfor %}
        budget_segments.assumption_row as budget_assumption_row,
        budget_segments.assumption_source as budget_assumption_source,
        coalesce(best_changes.best_change, 0) as best_change,
        coalesce(segment_profits.customer_count, 0) as customer_count,
        coalesce(segment_profits.net_revenue, 0) as net_revenue,
        coalesce(segment_profits.profit, 0) as profit,
        cast(segment_profits.profit as {{ type_double() }})
        / segment_profits.customer_count as profit_per_customer,
        budget_segments.winnable_value
        / nullif(budget_segments.forecast_value, 0) as winnable_share,
        -- A unit of revenue to come takes as much work as one of the past; a segment
        -- that has brought none, as much as one of all customers.
        cast(
            round(
                100 * coalesce(next_years.next_revenue, 0)
                * coalesce(
                    case
                        when segment_profits.net_revenue > 0
                            then
                                cast(
                                    segment_profits.past_cost_to_serve
                                    as {{ type_double() }}
                                ) / segment_profits.net_revenue
                    end,
                    cast(totals.past_cost_to_serve as {{ type_double() }})
                    / nullif(totals.net_revenue, 0),
                    0
                )
            ) as bigint
        ) as service_cents
    from segments
    inner join budget_segments on segments.segment = budget_segments.segment
    left join best_changes on segments.segment = best_changes.segment
    cross join totals
    cross join winnable
    left join segment_profits on segments.segment = segment_profits.segment
    left join numbered_actions
        on
            segments.segment = numbered_actions.segment
            and numbered_actions.action_place = 1
    left join next_years on segments.segment = next_years.segment
    left join strategic_fit on segments.segment = strategic_fit.segment

),

-- Without an assessment a segment fits where more can be won than elsewhere, where the
-- best division of the budget adds to it, and where the playbook sends its people
-- sooner than to others: what one table puts first, the portfolio does not let go.
with_fit as (

    select
        *,
        profit_per_customer >= mean_profit as is_profitable,
        case
            when fit is not null then fit >= 0.5
            else
                coalesce(winnable_share >= mean_winnable_share, false)
                or best_change > 0
                or coalesce(action_priority <= mean_action_priority, false)
        end as is_strategic
    from segment_figures

),

quadrants as (

    select
        *,
        case
            when customer_count = 0 then null
            when is_profitable and is_strategic then 'Invest'
            when is_profitable then 'Harvest'
            when is_strategic then 'Transform'
            else 'Divest'
        end as quadrant
    from with_fit

),

with_freed as (

    select
        *,
        -- More money goes where the best division puts it, so that the two never
        -- pull one segment in two directions.
        case
            when quadrant = 'Invest' then greatest(best_change, 0) else 0
        end as invest_weight,
        case
            when quadrant = 'Divest'
                then floor({{ var("divest_reallocation_share") }} * budget_cents)
            else 0
        end as freed_cents,
        case
            when quadrant = 'Divest'
                then floor({{ var("divest_reallocation_share") }} * service_cents)
            else 0
        end as freed_service_cents
    from quadrants

),

-- Without an Invest segment to which more would pay nothing is moved.
shares as (

    select
        *,
        sum(invest_weight) over () > 0 as is_moved,
        coalesce(
            cast(invest_weight as {{ type_double() }})
            * sum(freed_cents) over ()
            / nullif(sum(invest_weight) over (), 0),
            0
        ) as exact_cents,
        coalesce(
            cast(invest_weight as {{ type_double() }})
            * sum(freed_service_cents) over ()
            / nullif(sum(invest_weight) over (), 0),
            0
        ) as exact_service_cents,
        case
            when sum(invest_weight) over () > 0 then sum(freed_cents) over ()
            else 0
        end as moved_cents,
        case
            when sum(invest_weight) over () > 0 then sum(freed_service_cents) over ()
            else 0
        end as moved_service_cents
    from with_freed

),

with_move as (

    select
        *,
        budget_cents / 100.0 as budget,
        service_cents / 100.0 as cost_to_serve,
        (
            budget_cents
            + {{ whole_cents("exact_cents", "moved_cents", "", "segment") }}
            - case when is_moved then freed_cents else 0 end
        ) / 100.0 as budget_after,
        (
            service_cents
            + {{ whole_cents(
                "exact_service_cents", "moved_service_cents", "", "segment"
            ) }}
            - case when is_moved then freed_service_cents else 0 end
        ) / 100.0 as cost_to_serve_after
    from shares

),

-- More service is spending like any other; what less of it drives away is an
-- assumption.
with_change as (

    select
        *,
        budget_after + greatest(cost_to_serve_after - cost_to_serve, 0) as spend_after,
        case
            when cost_to_serve_after < cost_to_serve
                then
                    {{ var("service_loss_share") }} * forecast_value
                    * (cost_to_serve - cost_to_serve_after) / cost_to_serve
            else 0
        end as lost_value
    from with_move

),

projected as (

    select
        *
        {%- for effect_case in cases -%}
            ,
            {{ budget_response(effect_case, "spend_after") }}
            - {{ budget_response(effect_case, "budget") }}
            - lost_value as value_change_{{ effect_case }}
        {%- endfor %}
    from with_change

),

segment_portfolio as (

    select
        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(quadrant as {{ dbt.type_string() }}) as quadrant,
        cast(
            case
                when quadrant = 'Invest' and best_change > 0
                    then 'Spend more, and do more of the action in the playbook'
                when quadrant = 'Invest'
                    then
                        'Keep to the playbook at the present cost: the next '
                        || 'unit brings more elsewhere'
                when quadrant = 'Harvest' then 'Keep at the cost of today'
                when quadrant = 'Transform'
                    then 'Follow the playbook, measure it, spend more if it works'
                when quadrant = 'Divest'
                    then 'Spend less; no more than the playbook asks for'
            end as {{ dbt.type_string() }}
        ) as strategy,
        cast(recommended_action as {{ dbt.type_string() }}) as recommended_action,
        cast(
            concat(
                'cost_rates: all rows; ',
                case
                    when fit is null then 'action_playbook: priority; '
                    else concat('strategic_fit: ', segment, '; ')
                end,
                budget_assumption_row,
                '; vars gross_margin, divest_reallocation_share, service_loss_share'
            ) as {{ dbt.type_string() }}
        ) as assumption_row,
        cast(
            concat(
                'rates: ',
                coalesce(profit_source, 'none'),
                '; fit: ',
                coalesce(fit_source, 'budget and playbook'),
                '; budget: ',
                budget_assumption_source
            ) as {{ dbt.type_string() }}
        ) as assumption_source,

        ---------- numerics
        cast(segment_order as {{ dbt.type_int() }}) as segment_order,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(profit as {{ type_money() }}) as profit,
        cast(profit_per_customer as {{ type_double() }}) as profit_per_customer,
        cast(mean_profit as {{ type_double() }}) as mean_profit_per_customer,
        cast(winnable_share as {{ type_double() }}) as winnable_share,
        cast(mean_winnable_share as {{ type_double() }}) as mean_winnable_share,
        cast(fit as {{ type_double() }}) as strategic_fit,
        cast(action_priority as {{ dbt.type_int() }}) as action_priority,
        cast(mean_action_priority as {{ type_double() }}) as mean_action_priority,
        cast(action_customer_share as {{ type_double() }}) as action_customer_share,
        cast(forecast_value as {{ type_money() }}) as margin,
        cast(cost_to_serve as {{ type_money() }}) as cost_to_serve,
        cast(budget as {{ type_money() }}) as budget,
        cast(forecast_value - cost_to_serve - budget as {{ type_money() }})
            as contribution,
        cast(forecast_value + value_change_base as {{ type_money() }}) as margin_after,
        cast(cost_to_serve_after as {{ type_money() }}) as cost_to_serve_after,
        cast(budget_after as {{ type_money() }}) as budget_after,
        cast(
            forecast_value + value_change_base - cost_to_serve_after - budget_after
            as {{ type_money() }}
        ) as contribution_after,
        cast(budget_after - budget as {{ type_money() }}) as budget_change
        {%- for effect_case in cases -%}
            ,
            cast(value_change_{{ effect_case }} as {{ type_money() }})
                as value_change_{{ effect_case }}
        {%- endfor %}
    from projected

)

select * from segment_portfolio
