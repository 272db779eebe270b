{%- set cases = ["low", "base", "high"] -%}
with

profits as (

    select
        customer_id,
        segment,
        net_revenue,
        profit,
        assumption_source
    from {{ ref("customer_value__customer_profitability") }}

),

customers as (

    select
        segment,
        customer_age_days,
        net_revenue
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
        budget_cents,
        spend_scale,
        response_low,
        response_base,
        response_high,
        assumption_row,
        assumption_source
    from {{ ref("int_customer_value__budget_segments") }}

),

segment_profits as (

    select
        segment,
        count(*) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(profit) as profit,
        min(assumption_source) as profit_source
    from profits
    group by segment

),

-- Revenue for a year of the customers' time as customers; where that time is shorter
-- than a year, the revenue of all of it.
past_years as (

    select
        segment,
        {{ exact_sum(
            "cast(net_revenue as " ~ type_double()
            ~ ") * 365 / greatest(customer_age_days + 1, 365)"
        ) }} as past_revenue
    from customers
    group by segment

),

next_years as (

    select
        segment,
        {{ exact_sum("forecast_revenue") }} as next_revenue
    from segment_months
    group by segment

),

segment_figures as (

    select
        segments.segment,
        segments.segment_order,
        coalesce(segment_profits.customer_count, 0) as customer_count,
        coalesce(segment_profits.net_revenue, 0) as net_revenue,
        coalesce(segment_profits.profit, 0) as profit,
        cast(segment_profits.profit as {{ type_double() }})
        / segment_profits.customer_count as profit_per_customer,
        coalesce(past_years.past_revenue, 0) as past_revenue,
        coalesce(next_years.next_revenue, 0) as next_revenue,
        next_years.next_revenue / nullif(greatest(past_years.past_revenue, 0), 0) - 1
            as predicted_growth,
        strategic_fit.fit,
        segment_profits.profit_source,
        strategic_fit.source as fit_source
    from segments
    left join segment_profits on segments.segment = segment_profits.segment
    left join past_years on segments.segment = past_years.segment
    left join next_years on segments.segment = next_years.segment
    left join strategic_fit on segments.segment = strategic_fit.segment

),

averages as (

    select
        cast(sum(profit) as {{ type_double() }}) / nullif(sum(customer_count), 0)
            as mean_profit,
        {{ exact_sum("next_revenue") }}
        / nullif(greatest({{ exact_sum("past_revenue") }}, 0), 0) - 1 as mean_growth
    from segment_figures

),

with_fit as (

    select
        segment_figures.*,
        averages.mean_profit,
        averages.mean_growth,
        segment_figures.profit_per_customer >= averages.mean_profit as is_profitable,
        -- An assessed fit goes before the prediction; where there was no revenue, any
        -- expected revenue is growth.
        case
            when segment_figures.fit is not null then segment_figures.fit >= 0.5
            else
                coalesce(
                    segment_figures.predicted_growth >= averages.mean_growth,
                    segment_figures.next_revenue > 0
                )
        end as is_strategic
    from segment_figures
    cross join averages

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

with_budget as (

    select
        quadrants.*,
        budget_segments.budget_cents,
        budget_segments.spend_scale,
        {% for effect_case in cases %}
            budget_segments.response_{{ effect_case }},
        {% endfor %}
        budget_segments.assumption_row as budget_assumption_row,
        budget_segments.assumption_source as budget_assumption_source,
        case when quadrants.quadrant = 'Invest' then quadrants.customer_count else 0 end
            as invest_weight,
        case
            when quadrants.quadrant = 'Divest'
                then
                    floor(
                        {{ var("divest_reallocation_share") }}
                        * budget_segments.budget_cents
                    )
            else 0
        end as freed_cents
    from quadrants
    inner join budget_segments on quadrants.segment = budget_segments.segment

),

-- Without an Invest segment nothing is moved.
shares as (

    select
        *,
        coalesce(
            cast(invest_weight as {{ type_double() }})
            * sum(freed_cents) over ()
            / nullif(sum(invest_weight) over (), 0),
            0
        ) as exact_cents,
        case
            when sum(invest_weight) over () > 0 then sum(freed_cents) over ()
            else 0
        end as moved_cents
    from with_budget

),

with_move as (

    select
        *,
        budget_cents / 100.0 as budget,
        (
            budget_cents
            + {{ whole_cents("exact_cents", "moved_cents", "", "segment") }}
            - case when moved_cents > 0 then freed_cents else 0 end
        ) / 100.0 as budget_after
    from shares

),

segment_portfolio as (

    select
        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(quadrant as {{ dbt.type_string() }}) as quadrant,
        cast(
            concat(
                'cost_rates: all rows; ',
                case
                    when fit is null then 'predicted growth'
                    else concat('strategic_fit: ', segment)
                end,
                '; ',
                budget_assumption_row,
                '; vars gross_margin, divest_reallocation_share'
            ) as {{ dbt.type_string() }}
        ) as assumption_row,
        cast(
            concat(
                'rates: ',
                coalesce(profit_source, 'none'),
                '; fit: ',
                coalesce(fit_source, 'forecast'),
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
        cast(predicted_growth as {{ type_double() }}) as predicted_growth,
        cast(mean_growth as {{ type_double() }}) as mean_predicted_growth,
        cast(fit as {{ type_double() }}) as strategic_fit,
        cast(budget as {{ type_money() }}) as budget,
        cast(budget_after as {{ type_money() }}) as budget_after,
        cast(budget_after - budget as {{ type_money() }}) as budget_change
        {%- for effect_case in cases -%}
            ,
            cast(
                {{ budget_response(effect_case, "budget_after") }}
                - {{ budget_response(effect_case, "budget") }} as {{ type_money() }}
            ) as value_change_{{ effect_case }}
        {%- endfor %}
    from with_move

)

select * from segment_portfolio
