{%- set cases = ["low", "base", "high"] -%}
with

allocations as (

    select
        scenario,
        segment,
        budget_cents
    from {{ ref("optimise_customer_value__budgets") }}

),

budget_segments as (

    select
        segment,
        customer_count,
        forecast_value,
        budget_cents as current_cents,
        spend_scale,
        response_low,
        response_base,
        response_high,
        assumption_row,
        assumption_source
    from {{ ref("int_customer_value__budget_segments") }}

),

segment_months as (

    select
        segment,
        month_ahead,
        discounted_margin
    from {{ ref("int_customer_value__segment_forecast_months") }}

),

segments as (

    select
        segment,
        segment_order
    from {{ ref("customer_value__segments") }}

),

budgets as (

    select
        allocations.scenario,
        allocations.segment,
        segments.segment_order,
        budget_segments.customer_count,
        budget_segments.forecast_value,
        budget_segments.spend_scale,
        {% for effect_case in cases %}
            budget_segments.response_{{ effect_case }},
        {% endfor %}
        budget_segments.assumption_row,
        budget_segments.assumption_source,
        cast(allocations.budget_cents as {{ type_double() }}) / nullif(
            sum(allocations.budget_cents) over (partition by allocations.scenario), 0
        ) as budget_share,
        allocations.budget_cents / 100.0 as budget,
        budget_segments.current_cents / 100.0 as current_budget
    from allocations
    inner join budget_segments on allocations.segment = budget_segments.segment
    inner join segments on allocations.segment = segments.segment

),

responses as (

    select
        *,
        {% for effect_case in cases %}
            {{ budget_response(effect_case, "budget") }}
                as response_value_{{ effect_case }},
            {{ budget_response(effect_case, "budget") }}
            - {{ budget_response(effect_case, "current_budget") }}
                as value_change_{{ effect_case }},
        {% endfor %}
        -- What the next unit would bring: the slope of the response.
        case
            when spend_scale > 0
                then response_base / spend_scale * exp(-1 * budget / spend_scale)
            else 0
        end as marginal_return,
        budget - current_budget as budget_change
    from budgets

),

-- The response of a year comes as the forecast does, month by month. The budget is that
-- of the year, so what it has not brought back by then it does not bring back.
shapes as (

    select
        segment,
        month_ahead,
        sum(discounted_margin) over (
            partition by segment
            order by month_ahead
            rows between unbounded preceding and current row
        ) / nullif(
            sum(discounted_margin) over (partition by segment),
            0
        ) as share_of_year
    from segment_months
    where month_ahead <= 12

),

paybacks as (

    select
        {% for effect_case in cases %}
            min(
                case
                    when
                        responses.response_value_{{ effect_case }}
                        * shapes.share_of_year >= responses.budget
                        then shapes.month_ahead
                end
            ) as payback_month_{{ effect_case }},
        {% endfor %}
        responses.scenario,
        responses.segment
    from responses
    inner join shapes on responses.segment = shapes.segment
    where responses.budget > 0
    group by responses.scenario, responses.segment

),

budget_scenarios as (

    select
        ---------- strings
        cast(responses.scenario as {{ dbt.type_string() }}) as scenario,
        cast(responses.segment as {{ dbt.type_string() }}) as segment,
        cast(
            concat(
                responses.assumption_row,
                case
                    when responses.scenario = 'shifted'
                        then
                            concat(
                                ', vars reallocation_share, reallocation_from, ',
                                'reallocation_to'
                            )
                    else ''
                end,
                case
                    when responses.scenario != 'current'
                        then ', vars budget_floor_share, budget_cap_share'
                    else ''
                end
            ) as {{ dbt.type_string() }}
        ) as assumption_row,
        cast(responses.assumption_source as {{ dbt.type_string() }})
            as assumption_source,

        ---------- numerics
        cast(
            case responses.scenario
                when 'current' then 1
                when 'shifted' then 2
                when 'optimal' then 3
                else 4
            end as {{ dbt.type_int() }}
        ) as scenario_order,
        cast(responses.segment_order as {{ dbt.type_int() }}) as segment_order,
        cast(responses.customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(responses.budget as {{ type_money() }}) as budget,
        cast(responses.budget_change as {{ type_money() }}) as budget_change,
        cast(responses.budget_share as {{ type_double() }}) as budget_share,
        cast(responses.marginal_return as {{ type_double() }}) as marginal_return,
        cast(responses.forecast_value as {{ type_money() }}) as forecast_value
        {%- for effect_case in cases -%}
            ,
            cast(responses.response_value_{{ effect_case }} as {{ type_money() }})
                as response_value_{{ effect_case }},
            cast(
                responses.response_value_{{ effect_case }} / nullif(responses.budget, 0)
                as {{ type_double() }}
            ) as return_per_unit_{{ effect_case }},
            cast(
                responses.forecast_value + responses.value_change_{{ effect_case }}
                as {{ type_money() }}
            ) as projected_value_{{ effect_case }},
            cast(responses.value_change_{{ effect_case }} as {{ type_money() }})
                as value_change_{{ effect_case }},
            cast(
                responses.value_change_{{ effect_case }} - responses.budget_change
                as {{ type_money() }}
            ) as net_change_{{ effect_case }},
            cast(
                (responses.forecast_value + responses.value_change_{{ effect_case }})
                / nullif(responses.budget, 0) as {{ type_double() }}
            ) as margin_to_budget_{{ effect_case }},
            cast(paybacks.payback_month_{{ effect_case }} as {{ dbt.type_int() }})
                as payback_month_{{ effect_case }}
        {%- endfor %}
    from responses
    left join paybacks
        on
            responses.scenario = paybacks.scenario
            and responses.segment = paybacks.segment

)

select * from budget_scenarios
