with

budget_steps as (

    select
        phase,
        cast(shift_share as {{ type_double() }}) as shift_share,
        kpi,
        cast(threshold_share as {{ type_double() }}) as threshold_share,
        cast(agreed_threshold as {{ type_double() }}) as agreed_threshold,
        {{ any_if_empty("experiment") }} as experiment,
        cast(start_date as date) as start_date,
        source
    from {{ ref("customer_value__budget_steps") }}

),

segment_months as (

    select
        segment,
        month_ahead,
        cast(discounted_margin as {{ type_double() }}) as discounted_margin
    from {{ ref("int_customer_value__segment_forecast_months") }}

),

customer_days as (

    select
        customer_id,
        cast({{ margin_of_day() }} as {{ type_double() }}) as net_margin,
        transacted_date,
        first_purchase_date
    from {{ ref("int_customer_value__customer_days") }}
    where first_purchase_date is not null

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

-- A phase is a quarter of twelve months; what it brings is its share of the year's
-- margin.
phase_months as (

    select
        budget_steps.phase,
        segment_months.segment,
        {{ exact_sum(
            "case when segment_months.month_ahead > 3 * (budget_steps.phase - 1) "
            ~ "and segment_months.month_ahead <= 3 * budget_steps.phase "
            ~ "then segment_months.discounted_margin end"
        ) }} as phase_margin,
        {{ exact_sum(
            "case when segment_months.month_ahead <= 12 "
            ~ "then segment_months.discounted_margin end"
        ) }} as year_margin
    from budget_steps
    cross join segment_months
    group by budget_steps.phase, segment_months.segment

),

{% if is_on("experiments") %}
    results as (

        select
            experiment,
            variant,
            treated_count,
            difference,
            lower_bound,
            upper_bound
        from {{ ref("customer_value__experiment_results") }}
        where metric = 'spend' and grouping_name = 'all' and health not like 'failed%'

    ),

    customer_forecasts as (

        select
            customer_id,
            expected_purchase_value,
            margin_share
        from {{ ref("int_customer_value__customer_forecasts") }}

    ),

    treated_customers as (

        select
            experiment,
            customer_id,
            cost
        from {{ ref("int_customer_value__experiment_customers") }}
        where exclusion_reason is null and not is_control

    ),

    -- Of what the treated spend more, they leave their margin; where none of them has
    -- bought, nobody knows theirs.
    treated as (

        select
            treated_customers.experiment,
            sum(treated_customers.cost) as cost,
            coalesce(
                {{ shared_margin(
                    exact_sum(
                        "customer_forecasts.expected_purchase_value "
                        ~ "* customer_forecasts.margin_share"
                    ),
                    exact_sum("customer_forecasts.expected_purchase_value"),
                ) }},
                {{ var("gross_margin") }}
            ) as margin_share
        from treated_customers
        left join customer_forecasts
            on treated_customers.customer_id = customer_forecasts.customer_id
        group by treated_customers.experiment

    ),

    -- What the contacts brought per unit that they cost, of all variants together.
    measured_returns as (

        select
            results.experiment,
        {% for bound in ["difference", "lower_bound", "upper_bound"] -%}
            sum(results.{{ bound }} * results.treated_count)
            * max(treated.margin_share)
            / nullif(cast(max(treated.cost) as {{ type_double() }}), 0)
                as {{ bound }}
            {{- "," if not loop.last }}
        {% endfor %}
        from results
        inner join treated on results.experiment = treated.experiment
        group by results.experiment

    ),

{% endif -%}
moved as (

    select
        budget_steps.agreed_threshold,
        budget_steps.experiment,
        budget_steps.start_date,
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
        phase_budgets.agreed_threshold,
        phase_budgets.experiment,
        coalesce(
            phase_budgets.start_date,
            {{ date_add_months(
                date_add_days("current_dates.as_of_date", 1),
                "3 * (phase_budgets.phase - 1)"
            ) }}
        ) as phase_start_date,
        coalesce(phase_months.phase_margin, 0) as phase_margin,
        case
            when phase_months.year_margin > 0
                then phase_months.phase_margin / phase_months.year_margin
            else 0.25
        end as phase_share,
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
    left join phase_months
        on
            phase_budgets.phase = phase_months.phase
            and phase_budgets.segment = phase_months.segment

),

valued as (

    select
        *,
        phase_share * {{ budget_response("base", "budget") }} as response_value,
        phase_share * {{ budget_response("base", "current_budget") }}
            as current_response_value,
        budget / 4 as phase_budget,
        {{ date_add_days(date_add_months("phase_start_date", 3), -1) }}
            as phase_end_date
    from responses

),

totals as (

    select
        phase,
        {{ exact_sum("response_value") }} as response_value,
        {{ exact_sum("phase_budget") }} as phase_budget,
        {{ exact_sum("response_value") }}
        / nullif({{ exact_sum("phase_budget") }}, 0) as return_per_unit,
        {{ exact_sum("phase_margin + response_value - current_response_value") }}
            as projected_value
    from valued
    group by phase

),

phases as (

    select
        phase,
        max(experiment) as experiment,
        max(phase_start_date) as phase_start_date,
        max(phase_end_date) as phase_end_date,
        max(as_of_date) as as_of_date
    from valued
    group by phase

),

-- The forecast is about the customers of the start: those acquired since are not in it.
measured_margins as (

    select
        phases.phase,
        {{ exact_sum("customer_days.net_margin") }} as margin
    from phases
    inner join customer_days
        on
            phases.phase_start_date <= customer_days.transacted_date
            and phases.phase_end_date >= customer_days.transacted_date
            and phases.phase_start_date > customer_days.first_purchase_date
    where phases.phase_end_date <= phases.as_of_date
    group by phases.phase

),

measured as (

    select
        phases.phase,
        measured_margins.margin,
    {% for bound in ["difference", "lower_bound", "upper_bound"] -%}
        {% if is_on("experiments") -%}
            measured_returns.{{ bound }}
        {%- else -%}
            cast(null as {{ type_double() }})
        {%- endif %} as return_{{ bound }}
        {{- "," if not loop.last }}
    {% endfor %}
    from phases
    left join measured_margins on phases.phase = measured_margins.phase
    {% if is_on("experiments") -%}
        left join measured_returns on phases.experiment = measured_returns.experiment
    {%- endif %}

),

with_kpi as (

    select
        valued.*,
        case valued.kpi
            when 'response_value' then totals.response_value
            when 'return_per_unit' then totals.return_per_unit
            else totals.projected_value
        end as projected_kpi,
    {% for bound in ["difference", "lower_bound", "upper_bound"] -%}
        case valued.kpi
            when 'response_value'
                then measured.return_{{ bound }} * totals.phase_budget
            when 'return_per_unit' then measured.return_{{ bound }}
            else measured.margin
        end as measured_{{ bound }}
        {{- "," if not loop.last }}
    {% endfor %}
    from valued
    inner join totals on valued.phase = totals.phase
    inner join measured on valued.phase = measured.phase

),

with_threshold as (

    select
        *,
        coalesce(agreed_threshold, threshold_share * projected_kpi) as kpi_threshold
    from with_kpi

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
        cast(
            case
                when measured_difference is null then 'not measured'
                when measured_lower_bound >= kpi_threshold then 'reached'
                when measured_upper_bound < kpi_threshold then 'missed'
                else 'uncertain'
            end as {{ dbt.type_string() }}
        ) as gate,

        ---------- numerics
        cast(phase as {{ dbt.type_int() }}) as phase,
        cast(shift_share as {{ type_double() }}) as shift_share,
        cast(budget as {{ type_money() }}) as budget,
        cast(budget - current_budget as {{ type_money() }}) as budget_change,
        cast(phase_budget as {{ type_money() }}) as phase_budget,
        cast(response_value as {{ type_money() }}) as response_value,
        cast(projected_kpi as {{ type_double() }}) as projected_kpi,
        cast(threshold_share as {{ type_double() }}) as threshold_share,
        cast(kpi_threshold as {{ type_double() }}) as kpi_threshold,
        cast(measured_difference as {{ type_double() }}) as measured_kpi,
        cast(measured_lower_bound as {{ type_double() }}) as measured_lower_bound,
        cast(measured_upper_bound as {{ type_double() }}) as measured_upper_bound,

        ---------- dates
        cast(phase_start_date as date) as phase_start_date,
        cast(phase_end_date as date) as phase_end_date
    from with_threshold

)

select * from budget_phases
