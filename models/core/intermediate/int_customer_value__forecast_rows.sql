{{ config(materialized="table") }}

{#- Four standard deviations under the limit, as in int_customer_sample. -#}
{%- set limit = var("fit_customer_limit") -%}
{%- set aim = (limit - 4 * limit ** 0.5) | round(1) -%}
{%- set is_past = "days_ahead <= 0" -%}
{%- set is_ahead = "days_ahead > 0 and is_purchase_day" %}
with

customer_totals as (

    select
        customer_id,
        first_purchase_date,
        {{ hash_unit("customer_id") }} as customer_hash
    from {{ ref("int_customer_value__customer_totals") }}

),

customer_days as (

    select
        customer_id,
        net_amount,
        net_cost,
        is_purchase_day,
        transacted_date
    from {{ ref("int_customer_value__customer_days") }}

),

forecast_dates as (

    select
        forecast_role,
        as_of_role,
        date_number,
        horizon_days,
        window_days,
        training_limit,
        is_compared,
        as_of_date,
        false as is_history
    from {{ ref("int_customer_value__forecast_dates") }}
    {% if is_on("history") -%}
        -- Value tiers of the past are today's forecasts of what customers were then.
        union all
        select
            forecast_dates.forecast_role,
            forecast_dates.as_of_role,
            forecast_dates.date_number,
            forecast_dates.horizon_days,
            forecast_dates.window_days,
            forecast_dates.training_limit,
            forecast_dates.is_compared,
            as_of_dates.as_of_date,
            true as is_history
        from {{ ref("int_customer_value__forecast_dates") }} as forecast_dates
        cross join {{ ref("int_customer_value__as_of_dates") }} as as_of_dates
        where
            forecast_dates.as_of_role = 'current'
            and as_of_dates.as_of_role = 'history'
            and as_of_dates.days_before_current > 0
    {%- endif %}

),

first_purchase_days as (

    select
        first_purchase_date,
        count(*) as customer_count
    from customer_totals
    group by first_purchase_date

),

populations as (

    select
        forecast_dates.forecast_role,
        forecast_dates.date_number,
        forecast_dates.as_of_date,
        cast(sum(first_purchase_days.customer_count) as {{ type_double() }})
            as population_count
    from forecast_dates
    inner join first_purchase_days
        on forecast_dates.as_of_date >= first_purchase_days.first_purchase_date
    group by
        forecast_dates.forecast_role,
        forecast_dates.date_number,
        forecast_dates.as_of_date

),

sampled_dates as (

    select
        forecast_dates.*,
        populations.population_count,
        case
            when forecast_dates.date_number > 0
                then forecast_dates.training_limit / populations.population_count
            when not forecast_dates.is_compared then 1.0
            when forecast_dates.forecast_role != 'calibration'
                then
                    {{ [limit, 5000] | min }} / populations.population_count
            when populations.population_count <= {{ limit }} then 1.0
            else {{ aim }} / populations.population_count
        end as sample_share
    from forecast_dates
    inner join populations
        on
            forecast_dates.forecast_role = populations.forecast_role
            and forecast_dates.date_number = populations.date_number
            and forecast_dates.as_of_date = populations.as_of_date

),

-- Everybody today and at the ends of past months, on the calibration date the sample of
-- the fits, on other dates 5,000 customers at most, by md5.
wanted as (

    select
        sampled_dates.*,
        customer_totals.customer_id,
        customer_totals.first_purchase_date,
        {% if fits_groups() -%}
            {{ fit_role("sampled_dates.as_of_role", "fit_groups.fit_group") }}
        {%- else -%}
            sampled_dates.as_of_role
        {%- endif %} as fit_role,
        customer_totals.customer_hash
        < 5000 / sampled_dates.population_count as is_fitted
    from sampled_dates
    inner join customer_totals
        on
            sampled_dates.as_of_date >= customer_totals.first_purchase_date
            and sampled_dates.sample_share > customer_totals.customer_hash
    {% if fits_groups() -%}
        left join {{ ref("int_customer_value__fit_groups") }} as fit_groups
            on customer_totals.customer_id = fit_groups.customer_id
    {%- endif %}

),

-- A forecast is learned from the days that lie ahead, or judged by them; nothing else
-- reads them.
days as (

    select
        wanted.forecast_role,
        wanted.date_number,
        wanted.as_of_date,
        wanted.is_history,
        wanted.customer_id,
        wanted.first_purchase_date,
        wanted.horizon_days,
        wanted.window_days,
        customer_days.net_amount,
        customer_days.net_cost,
        customer_days.is_purchase_day,
        customer_days.transacted_date,
        {{ date_diff_days("wanted.as_of_date", "customer_days.transacted_date") }}
            as days_ahead
    from wanted
    inner join customer_days on wanted.customer_id = customer_days.customer_id
    where
        customer_days.transacted_date
        <= {{ date_add_days("wanted.as_of_date", "wanted.horizon_days") }}

),

spend_caps as (

    select
        forecast_role,
        date_number,
        -- Between two decimals some engines give a decimal, which is cut off.
        {{ percentile("cast(net_amount as " ~ type_double() ~ ")", 0.999) }}
            as spend_cap
    from days
    where {{ is_past }} and is_purchase_day and net_amount > 0 and not is_history
    group by forecast_role, date_number

),

capped_days as (

    select
        days.*,
        days.days_ahead > -1 * days.window_days as is_in_window,
        case
            when {{ is_past }} and days.is_purchase_day and days.net_amount > 0
                then
                    least(
                        cast(days.net_amount as {{ type_double() }}),
                        spend_caps.spend_cap
                    )
        end as paid_value,
        -- The margin of a paid day whose cost is known, as a share within -1 and 1.
        case
            when
                {{ is_past }}
                and days.is_purchase_day
                and days.net_amount > 0
                and days.net_cost is not null
                then
                    greatest(
                        1 - cast(days.net_cost as {{ type_double() }})
                        / cast(days.net_amount as {{ type_double() }}),
                        -1
                    )
        end as paid_margin
    from days
    left join spend_caps
        on
            days.forecast_role = spend_caps.forecast_role
            and days.date_number = spend_caps.date_number

),

states as (

    select
        forecast_role,
        date_number,
        as_of_date,
        is_history,
        customer_id,
        count(case when {{ is_past }} and is_purchase_day then 1 end)
            as purchase_day_count,
        max(case when {{ is_past }} and is_purchase_day then transacted_date end)
            as last_purchase_date,
        sum(case when {{ is_past }} then net_amount else 0 end) as net_revenue,
        count(paid_value) as paid_count,
        {{ exact_sum("paid_value") }} as paid_spend,
        {{ exact_sum("ln(paid_value)") }} as log_spend,
        {{ exact_sum("ln(paid_value) * ln(paid_value)") }} as squared_log_spend,
        count(paid_margin) as costed_count,
        {{ exact_sum("paid_margin") }} as margins,
        {{ exact_sum("paid_margin * paid_margin") }} as squared_margins,
        sum(case when paid_margin is not null then net_amount end) as costed_amount,
        sum(case when paid_margin is not null then net_amount - net_cost end)
            as contribution,
        count(
            case
                when paid_value is not null and transacted_date > first_purchase_date
                    then 1
            end
        ) as paid_repeat_count,
        sum(
            case
                when paid_value is not null and transacted_date > first_purchase_date
                    then net_amount
            end
        ) as repeat_spend,
        {% for name, divisor in [("quarter", 4), ("half", 2), ("whole", 1)] %}
            count(
                case
                    when
                        {{ is_past }}
                        and is_purchase_day
                        and -{{ divisor }} * days_ahead < window_days
                        then 1
                end
            ) as {{ name }}_window_purchases,
        {% endfor %}
        sum(
            case
                when {{ is_past }} and is_purchase_day and is_in_window then net_amount
                else 0
            end
        ) as window_spend,
        count(
            case
                when
                    {{ is_past }} and is_purchase_day and -1 * days_ahead < horizon_days
                    then 1
            end
        ) as last_window_purchases,
        sum(
            case
                when
                    {{ is_past }} and is_purchase_day and -1 * days_ahead < horizon_days
                    then net_amount
                else 0
            end
        ) as last_window_revenue,
        count(case when {{ is_ahead }} then 1 end) as actual_purchases,
        sum(case when {{ is_ahead }} then net_amount else 0 end) as actual_revenue,
        min(case when {{ is_ahead }} then days_ahead end) as days_to_next_purchase
    from capped_days
    group by forecast_role, date_number, as_of_date, is_history, customer_id

),

-- How the logarithm of a day's value varies within and between customers: the analysis
-- of variance with unequal groups (Searle, Casella & McCulloch 1992, section 3.6).
spend_sums as (

    select
        forecast_role,
        date_number,
        cast(sum(paid_count) as {{ type_double() }}) as value_count,
        cast(count(*) as {{ type_double() }}) as payer_count,
        cast(sum(paid_count * paid_count) as {{ type_double() }})
            as squared_value_count,
        {{ exact_sum("paid_spend") }} as paid_spend,
        {{ exact_sum("log_spend") }} as log_spend,
        {{ exact_sum("squared_log_spend") }} as squared_log_spend,
        {{ exact_sum("log_spend * log_spend / paid_count") }} as log_spend_by_customer,
        cast(sum(costed_count) as {{ type_double() }}) as costed_count,
        cast(count(costed_amount) as {{ type_double() }}) as costed_customer_count,
        cast(sum(costed_count * costed_count) as {{ type_double() }})
            as squared_costed_count,
        {{ exact_sum("margins") }} as margins,
        {{ exact_sum("squared_margins") }} as squared_margins,
        {{ exact_sum("margins * margins / nullif(costed_count, 0)") }}
            as margins_by_customer,
        cast(sum(costed_amount) as {{ type_double() }}) as costed_amount,
        cast(sum(contribution) as {{ type_double() }}) as contribution
    from states
    where paid_count > 0 and not is_history
    group by forecast_role, date_number

),

spend_squares as (

    select
        *,
        {{ variance_columns(
            "spend", "value_count", "payer_count", "squared_value_count",
            "log_spend", "squared_log_spend", "log_spend_by_customer"
        ) }},
        {{ variance_columns(
            "margin", "costed_count", "costed_customer_count", "squared_costed_count",
            "margins", "squared_margins", "margins_by_customer"
        ) }}
    from spend_sums

),

-- Where nothing tells the two apart, the population's mean counts as one day.
spend_models as (

    select
        forecast_role,
        date_number,
        paid_spend / value_count as mean_value,
        coalesce(spend_within, 0) as within_variance,
        {{ shrinkage("spend") }} as shrinkage,
        coalesce(
            contribution / nullif(costed_amount, 0),
            cast({{ var("gross_margin") }} as {{ type_double() }})
        ) as mean_margin,
        {{ shrinkage("margin") }} as margin_shrinkage
    from spend_squares

),

forecast_rows as (

    select
        ---------- ids
        wanted.customer_id,

        ---------- strings
        wanted.forecast_role,
        wanted.as_of_role,
        wanted.fit_role,

        ---------- numerics
        wanted.date_number,
        wanted.horizon_days,
        wanted.window_days,
        wanted.population_count,
        states.purchase_day_count,
        states.purchase_day_count - 1 as repeat_count,
        states.paid_repeat_count,
        states.net_revenue,
        cast(states.repeat_spend as {{ type_double() }})
        / nullif(states.paid_repeat_count, 0) as mean_repeat_value,
        {{ date_diff_days("states.last_purchase_date", "wanted.as_of_date") }}
            as recency_days,
        {{ date_diff_days("wanted.first_purchase_date", "states.last_purchase_date") }}
            as last_purchase_age_days,
        {{ date_diff_days("wanted.first_purchase_date", "wanted.as_of_date") }}
            as customer_age_days,
        states.paid_count,
        coalesce(
            states.paid_spend / nullif(states.paid_count, 0),
            spend_models.mean_value,
            0
        ) as mean_paid_value,
        coalesce(
            (
                coalesce(states.paid_spend, 0)
                + spend_models.shrinkage * spend_models.mean_value
            )
            / (states.paid_count + spend_models.shrinkage),
            0
        ) as shrunk_purchase_value,
        coalesce(spend_models.shrinkage, 1) as spend_shrinkage,
        coalesce(spend_models.within_variance, 0) as within_spend_variance,
        -- Shrunk as the spend is: the margin of all counts as so many own days.
        coalesce(
            case
                when states.costed_count > 0
                    then
                        (
                            states.costed_count
                            * cast(states.contribution as {{ type_double() }})
                            / cast(states.costed_amount as {{ type_double() }})
                            + spend_models.margin_shrinkage * spend_models.mean_margin
                        )
                        / (states.costed_count + spend_models.margin_shrinkage)
                else spend_models.mean_margin
            end,
            cast({{ var("gross_margin") }} as {{ type_double() }})
        ) as margin_share,
        states.quarter_window_purchases,
        states.half_window_purchases,
        states.whole_window_purchases,
        states.window_spend,
        states.last_window_purchases,
        states.last_window_revenue,
        states.actual_purchases,
        states.actual_revenue,

        ---------- booleans
        wanted.is_compared,
        wanted.is_fitted,
        wanted.is_history,
        coalesce(states.days_to_next_purchase <= {{ var("activity_days") }}, false)
            as is_active,

        ---------- dates
        wanted.as_of_date,
        wanted.first_purchase_date
    from wanted
    inner join states
        on
            wanted.customer_id = states.customer_id
            and wanted.forecast_role = states.forecast_role
            and wanted.date_number = states.date_number
            and wanted.as_of_date = states.as_of_date
            and wanted.is_history = states.is_history
    left join spend_models
        on
            wanted.forecast_role = spend_models.forecast_role
            and wanted.date_number = spend_models.date_number

)

select * from forecast_rows
