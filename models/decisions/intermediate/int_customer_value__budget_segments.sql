{{ config(materialized="table") }}

with

segments as (

    select segment
    from {{ ref("customer_value__segments") }}

),

segment_months as (

    select
        segment,
        month_ahead,
        customer_count,
        forecast_revenue,
        discounted_margin
    from {{ ref("int_customer_value__segment_forecast_months") }}

),

current_budget as (

    select
        {{ any_if_empty("segment") }} as budget_segment,
        cast(spend as decimal(18, 2)) as spend,
        source
    from {{ ref("customer_value__current_budget") }}

),

budget_response as (

    select
        {{ any_if_empty("segment") }} as response_segment,
        cast(uplift_low as {{ type_double() }}) as uplift_low,
        cast(uplift_base as {{ type_double() }}) as uplift_base,
        cast(uplift_high as {{ type_double() }}) as uplift_high,
        cast(spend_scale as {{ type_double() }}) as spend_scale,
        source
    from {{ ref("customer_value__budget_response") }}

),

years as (

    select
        segment,
        max(customer_count) as customer_count,
        {{ exact_sum("forecast_revenue") }} as forecast_revenue,
        {{ exact_sum("discounted_margin") }} as discounted_margin
    from segment_months
    where month_ahead <= 12
    group by segment

),

segment_years as (

    select
        segments.segment,
        coalesce(years.customer_count, 0) as customer_count,
        coalesce(years.forecast_revenue, 0) as forecast_revenue,
        coalesce(years.discounted_margin, 0) as discounted_margin,
        current_budget.spend,
        current_budget.source as budget_source
    from segments
    left join years on segments.segment = years.segment
    left join current_budget on segments.segment = current_budget.budget_segment

),

-- What is left to divide: the row *, or, where there is no row at all, a share of the
-- expected revenue.
undivided as (

    select
        max(case when budget_segment = '*' then source end) as source,
        count(*) as row_count,
        coalesce(sum(case when budget_segment = '*' then spend end), 0) as spend
    from current_budget

),

expected_revenue as (

    select coalesce({{ exact_sum("forecast_revenue") }}, 0) as forecast_revenue
    from segment_years

),

to_divide as (

    select
        coalesce(
            undivided.source,
            'expected revenue x var marketing_budget_share'
        ) as source,
        case
            when undivided.row_count > 0
                then cast(round(100 * undivided.spend) as bigint)
            else
                cast(
                    round(
                        100
                        * {{ var("marketing_budget_share") }}
                        * expected_revenue.forecast_revenue
                    ) as bigint
                )
        end as cents
    from undivided
    cross join expected_revenue

),

weighted as (

    select
        segment_years.*,
        to_divide.source as divided_source,
        to_divide.cents as divided_cents,
        case
            when segment_years.spend is null then segment_years.customer_count
            else 0
        end as weight
    from segment_years
    cross join to_divide

),

divided as (

    select
        *,
        coalesce(
            cast(weight as {{ type_double() }})
            * divided_cents
            / nullif(sum(weight) over (), 0),
            0
        ) as exact_cents,
        case when sum(weight) over () > 0 then divided_cents else 0 end as total_cents
    from weighted

),

budgets as (

    select
        *,
        cast(
            case
                when spend is not null then round(100 * spend)
                else 0
            end
            + {{ whole_cents("exact_cents", "total_cents", "", "segment") }} as bigint
        ) as budget_cents
    from divided

),

with_response as (

    select
        budgets.*,
        {% for effect_case in ["low", "base", "high"] %}
            coalesce(named.uplift_{{ effect_case }}, unnamed.uplift_{{ effect_case }})
                as uplift_{{ effect_case }},
        {% endfor %}
        sum(budgets.budget_cents) over () as all_cents,
        coalesce(named.response_segment, unnamed.response_segment) as response_segment,
        coalesce(named.source, unnamed.source) as response_source,
        budgets.customer_count * coalesce(named.spend_scale, unnamed.spend_scale)
            as spend_scale
    from budgets
    left join budget_response as named on budgets.segment = named.response_segment
    left join budget_response as unnamed on unnamed.response_segment = '*'

),

budget_segments as (

    select
        ---------- strings
        segment,
        concat(
            case
                when spend is not null then concat('current_budget: ', segment, ', ')
                when divided_source = 'expected revenue x var marketing_budget_share'
                    then ''
                else 'current_budget: *, '
            end,
            'budget_response: ',
            response_segment
        ) as assumption_row,
        case
            when coalesce(budget_source, divided_source) = response_source
                then response_source
            else concat(coalesce(budget_source, divided_source), ', ', response_source)
        end as assumption_source,

        ---------- numerics
        cast(customer_count as bigint) as customer_count,
        discounted_margin as forecast_value,
        budget_cents,
        -- Floors limit what is taken away and caps what is added: today's budget is
        -- within both.
        cast(
            least(
                budget_cents, ceil({{ var("budget_floor_share") }} * all_cents)
            ) as bigint
        ) as floor_cents,
        cast(
            greatest(
                budget_cents, floor({{ var("budget_cap_share") }} * all_cents)
            ) as bigint
        ) as cap_cents,
        -- The forecast holds what today's budget brings: it is
        -- rest * (1 + uplift * (1 - exp(-budget / scale))), and rest * uplift is the
        -- most that spending can bring.
        {% for effect_case in ["low", "base", "high"] %}
            discounted_margin * uplift_{{ effect_case }} / (
                1 + uplift_{{ effect_case }} * (
                    1 - case
                        when spend_scale > 0
                            then exp(-1 * budget_cents / 100.0 / spend_scale)
                        else 1
                    end
                )
            ) as response_{{ effect_case }},
        {% endfor %}
        spend_scale
    from with_response

)

select * from budget_segments
