with

budget_steps as (

    select
        phase,
        cast(shift_share as {{ type_double() }}) as shift_share,
        kpi,
        cast(threshold_share as {{ type_double() }}) as threshold_share,
        source
    from {{ ref("customer_value__budget_steps") }}

),

budgets as (

    select
        segment,
        max(case when scenario = 'current' then budget_cents end) as current_cents,
        max(case when scenario = 'shifted' then budget_cents end) as shifted_cents
    from {{ ref("optimise_customer_value__budgets") }}
    group by segment

),

budget_segments as (

    select
        segment,
        forecast_value,
        spend_scale,
        response_base,
        assumption_row,
        assumption_source
    from {{ ref("int_customer_value__budget_segments") }}

),

current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

moved as (

    select
        budget_steps.phase,
        budget_steps.shift_share,
        budget_steps.kpi,
        budget_steps.threshold_share,
        budget_steps.source,
        budgets.segment,
        budgets.current_cents,
        budget_steps.shift_share * (budgets.shifted_cents - budgets.current_cents)
            as exact_cents
    from budget_steps
    cross join budgets

),

phase_budgets as (

    select
        *,
        current_cents
        + {{ whole_cents("exact_cents", "0", "phase", "segment") }} as phase_cents
    from moved

),

responses as (

    select
        phase_budgets.phase,
        phase_budgets.shift_share,
        phase_budgets.kpi,
        phase_budgets.threshold_share,
        phase_budgets.source,
        phase_budgets.segment,
        budget_segments.forecast_value,
        budget_segments.spend_scale,
        budget_segments.response_base,
        budget_segments.assumption_row,
        budget_segments.assumption_source,
        current_dates.as_of_date,
        phase_budgets.phase_cents / 100.0 as budget,
        phase_budgets.current_cents / 100.0 as current_budget
    from phase_budgets
    inner join budget_segments on phase_budgets.segment = budget_segments.segment
    cross join current_dates

),

valued as (

    select
        *,
        {{ budget_response("base", "budget") }} as response_value,
        {{ budget_response("base", "current_budget") }} as current_response_value
    from responses

),

totals as (

    select
        phase,
        {{ exact_sum("response_value") }} as response_value,
        {{ exact_sum("response_value") }} / nullif({{ exact_sum("budget") }}, 0)
            as return_per_unit,
        {{ exact_sum("forecast_value + response_value - current_response_value") }}
            as projected_value
    from valued
    group by phase

),

with_kpi as (

    select
        valued.*,
        case valued.kpi
            when 'response_value' then totals.response_value
            when 'return_per_unit' then totals.return_per_unit
            else totals.projected_value
        end as projected_kpi
    from valued
    inner join totals on valued.phase = totals.phase

),

budget_phases as (

    select
        ---------- strings
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(kpi as {{ dbt.type_string() }}) as kpi,
        cast(
            concat(
                'budget_steps: phase ',
                cast(phase as {{ dbt.type_string() }}),
                ', ',
                assumption_row,
                ', vars reallocation_share, budget_floor_share, budget_cap_share'
            ) as {{ dbt.type_string() }}
        ) as assumption_row,
        cast(
            case
                when source = assumption_source then source
                else concat(source, ', ', assumption_source)
            end as {{ dbt.type_string() }}
        ) as assumption_source,

        ---------- numerics
        cast(phase as {{ dbt.type_int() }}) as phase,
        cast(shift_share as {{ type_double() }}) as shift_share,
        cast(budget as {{ type_money() }}) as budget,
        cast(budget - current_budget as {{ type_money() }}) as budget_change,
        cast(response_value as {{ type_money() }}) as response_value,
        cast(projected_kpi as {{ type_double() }}) as projected_kpi,
        cast(threshold_share as {{ type_double() }}) as threshold_share,
        cast(threshold_share * projected_kpi as {{ type_double() }}) as kpi_threshold,

        ---------- dates
        cast(
            {{ date_add_months(date_add_days("as_of_date", 1), "3 * (phase - 1)") }}
            as date
        ) as phase_start_date
    from with_kpi

)

select * from budget_phases
