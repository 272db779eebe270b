{{ config(materialized="table") }}

{#- Four standard deviations under the limit, as in int_customer_sample. -#}
{%- set limit = var("fit_customer_limit") -%}
{%- set aim = (limit - 4 * limit ** 0.5) | round(1) -%}
{%- set is_past = "days_ahead <= 0" -%}
{%- set is_ahead = "days_ahead > 0 and is_purchase_day" -%}
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
        customer_days.customer_id,
        customer_totals.first_purchase_date,
        customer_totals.customer_hash,
        customer_days.net_amount,
        customer_days.net_cost,
        customer_days.is_purchase_day,
        customer_days.transacted_date
    from {{ ref("int_customer_value__customer_days") }} as customer_days
    inner join customer_totals
        on customer_days.customer_id = customer_totals.customer_id

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
        as_of_date
    from {{ ref("int_customer_value__forecast_dates") }}

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
        row_number() over (
            order by
                forecast_dates.forecast_role,
                forecast_dates.date_number,
                forecast_dates.as_of_date
        ) as date_id,
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

-- Everybody today, on the calibration date the sample of the fits, on other dates 5,000
-- customers at most, by md5. A forecast is learned from the days that lie ahead, or
-- judged by them; nothing else reads them.
days as (

    select
        sampled_dates.date_id,
        sampled_dates.forecast_role,
        sampled_dates.date_number,
        sampled_dates.horizon_days,
        sampled_dates.window_days,
        customer_days.customer_id,
        customer_days.first_purchase_date,
        customer_days.customer_hash,
        customer_days.net_amount,
        customer_days.net_cost,
        customer_days.is_purchase_day,
        customer_days.is_purchase_day
        and customer_days.net_amount > 0
        and customer_days.transacted_date <= sampled_dates.as_of_date as is_paid,
        customer_days.transacted_date,
        {{ date_diff_days(
            "sampled_dates.as_of_date", "customer_days.transacted_date"
        ) }} as days_ahead
    from customer_days
    inner join sampled_dates
        on
            customer_days.first_purchase_date <= sampled_dates.as_of_date
            and customer_days.customer_hash < sampled_dates.sample_share
            and customer_days.transacted_date
            <= {{ date_add_days(
                "sampled_dates.as_of_date", "sampled_dates.horizon_days"
            ) }}

),

spend_caps as (

    select
        forecast_role,
        date_number,
        -- Between two decimals some engines give a decimal, which is cut off.
        {{ percentile("cast(net_amount as " ~ type_double() ~ ")", 0.999) }}
            as spend_cap
    from days
    where is_paid
    group by forecast_role, date_number

),

capped_days as (

    select
        days.*,
        {{ forecast_state_paid_columns("days", "spend_caps") }}
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
        date_id,
        customer_id,
        min(customer_hash) as customer_hash,
        min(first_purchase_date) as first_purchase_date,
        count(case when {{ is_past }} and is_purchase_day then 1 end)
            as purchase_day_count,
        max(case when {{ is_past }} and is_purchase_day then transacted_date end)
            as last_purchase_date,
        sum(case when {{ is_past }} then net_amount else 0 end) as net_revenue,
        count(paid_value) as paid_count,
        {{ exact_sum("paid_value") }} as paid_spend,
        count(paid_margin) as costed_count,
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
        {{ forecast_state_windows(
            is_past ~ " and is_purchase_day", "-1 * days_ahead"
        ) }},
        {{ exact_sum("ln(paid_value)") }} as log_spend,
        {{ exact_sum("ln(paid_value) * ln(paid_value)") }} as squared_log_spend,
        {{ exact_sum("paid_margin") }} as margins,
        {{ exact_sum("paid_margin * paid_margin") }} as squared_margins,
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
    group by forecast_role, date_number, date_id, customer_id

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
    where paid_count > 0
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
        spend_within as within_variance,
        {{ shrinkage("spend") }} as shrinkage,
        contribution / nullif(costed_amount, 0) as mean_margin,
        {{ shrinkage("margin") }} as margin_shrinkage
    from spend_squares

),

modelled_dates as (

    select
        sampled_dates.*,
        spend_caps.spend_cap,
        spend_models.mean_value,
        coalesce(spend_models.within_variance, 0) as within_spend_variance,
        coalesce(spend_models.shrinkage, 1) as spend_shrinkage,
        coalesce(
            spend_models.mean_margin,
            cast({{ var("gross_margin") }} as {{ type_double() }})
        ) as mean_margin,
        spend_models.margin_shrinkage
    from sampled_dates
    left join spend_caps
        on
            sampled_dates.forecast_role = spend_caps.forecast_role
            and sampled_dates.date_number = spend_caps.date_number
    left join spend_models
        on
            sampled_dates.forecast_role = spend_models.forecast_role
            and sampled_dates.date_number = spend_models.date_number

),

forecast_rows as (

    select
        ---------- ids
        states.customer_id,

        ---------- strings
        modelled_dates.forecast_role,
        modelled_dates.as_of_role,
        {{ fit_role("modelled_dates.as_of_role", "fit_groups.fit_group") }} as fit_role,

        ---------- numerics
        modelled_dates.date_number,
        modelled_dates.horizon_days,
        modelled_dates.window_days,
        modelled_dates.population_count,
        {{ forecast_state_columns() }},
        modelled_dates.spend_cap,
        modelled_dates.mean_value,
        modelled_dates.margin_shrinkage,
        states.last_window_purchases,
        states.last_window_revenue,
        states.actual_purchases,
        states.actual_revenue,

        ---------- booleans
        modelled_dates.is_compared,
        coalesce(
            states.customer_hash < 5000 / modelled_dates.population_count, false
        ) as is_fitted,
        coalesce(
            states.days_to_next_purchase <= {{ var("activity_days") }}, false
        ) as is_active,

        ---------- dates
        modelled_dates.as_of_date,
        states.first_purchase_date
    from states
    inner join modelled_dates on states.date_id = modelled_dates.date_id
    {% if fits_groups() -%}
        left join {{ ref("int_customer_value__fit_groups") }} as fit_groups
            on states.customer_id = fit_groups.customer_id
    {%- endif %}

)

select * from forecast_rows
