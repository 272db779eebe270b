{%- set up_to_the_day -%}
    over (
        partition by customer_id
        order by transacted_date
        rows between unbounded preceding and current row
    )
{%- endset %}
with

customer_days as (

    select
        customer_id,
        net_amount,
        net_cost,
        purchase_number,
        net_revenue_to_date,
        paid_repeat_count_to_date,
        repeat_spend_to_date,
        is_purchase_day,
        is_purchase_day and net_amount > 0 as is_paid,
        transacted_date,
        next_transacted_date,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_days") }}

),

-- The spend of all customers is that of today's forecast.
spend_models as (

    select
        max(horizon_days) as horizon_days,
        max(window_days) as window_days,
        max(spend_cap) as spend_cap,
        max(mean_value) as mean_value,
        max(within_spend_variance) as within_spend_variance,
        max(spend_shrinkage) as spend_shrinkage,
        max(mean_margin) as mean_margin,
        max(margin_shrinkage) as margin_shrinkage
    from {{ ref("int_customer_value__forecast_rows") }}
    where forecast_role = 'current' and date_number = 0

),

past_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'history' and days_before_current > 0

),

modelled_dates as (

    select
        past_dates.as_of_date,
        spend_models.*
    from past_dates
    cross join spend_models

),

capped_days as (

    select
        customer_days.*,
        {{ forecast_state_paid_columns("customer_days", "spend_models") }}
    from customer_days
    cross join spend_models

),

running_totals as (

    select
        customer_id,
        purchase_number,
        net_revenue_to_date,
        paid_repeat_count_to_date,
        repeat_spend_to_date,
        count(paid_value) {{ up_to_the_day }} as paid_count,
        sum(cast(paid_value as {{ type_decimal(38, 12) }})) {{ up_to_the_day }}
            as paid_spend,
        count(paid_margin) {{ up_to_the_day }} as costed_count,
        sum(case when paid_margin is not null then net_amount end) {{ up_to_the_day }}
            as costed_amount,
        sum(case when paid_margin is not null then net_amount - net_cost end)
            {{ up_to_the_day }} as contribution,
        transacted_date,
        next_transacted_date,
        first_purchase_date,
        last_purchase_date
    from capped_days

),

-- The state of a customer on a date is that of the last day up to the date.
past_days as (

    select
        running_totals.*,
        past_dates.as_of_date
    from running_totals
    cross join past_dates
    where
        running_totals.purchase_number > 0
        and {{ is_last_day_up_to("running_totals", "past_dates.as_of_date") }}

),

-- One condition on the dates, since engines would sort all days for two of them.
days_in_windows as (

    select
        customer_days.customer_id,
        modelled_dates.as_of_date,
        modelled_dates.window_days,
        customer_days.net_amount,
        {{ date_diff_days(
            "customer_days.transacted_date", "modelled_dates.as_of_date"
        ) }} as days_ago
    from customer_days
    cross join modelled_dates
    where
        customer_days.is_purchase_day
        and case
            when customer_days.transacted_date <= modelled_dates.as_of_date
                then customer_days.transacted_date > {{ date_add_days(
                    "modelled_dates.as_of_date", "-1 * modelled_dates.window_days"
                ) }}
            else false
        end

),

windows as (

    select
        customer_id,
        as_of_date,
        {{ forecast_state_windows("days_ago >= 0", "days_ago") }}
    from days_in_windows
    group by customer_id, as_of_date

),

states as (

    select
        past_days.customer_id,
        past_days.as_of_date,
        past_days.first_purchase_date,
        past_days.last_purchase_date,
        past_days.purchase_number as purchase_day_count,
        past_days.net_revenue_to_date as net_revenue,
        past_days.paid_repeat_count_to_date as paid_repeat_count,
        past_days.repeat_spend_to_date as repeat_spend,
        past_days.paid_count,
        cast(past_days.paid_spend as {{ type_double() }}) as paid_spend,
        past_days.costed_count,
        past_days.costed_amount,
        past_days.contribution,
        coalesce(windows.quarter_window_purchases, 0) as quarter_window_purchases,
        coalesce(windows.half_window_purchases, 0) as half_window_purchases,
        coalesce(windows.whole_window_purchases, 0) as whole_window_purchases,
        coalesce(windows.window_spend, 0) as window_spend
    from past_days
    left join windows
        on
            past_days.customer_id = windows.customer_id
            and past_days.as_of_date = windows.as_of_date

),

past_forecast_rows as (

    select
        ---------- ids
        states.customer_id,

        ---------- strings
        {{ fit_role("'current'", "fit_groups.fit_group") }} as fit_role,

        ---------- numerics
        modelled_dates.horizon_days,
        modelled_dates.window_days,
        {{ forecast_state_columns() }},

        ---------- dates
        states.as_of_date,
        states.first_purchase_date
    from states
    inner join modelled_dates on states.as_of_date = modelled_dates.as_of_date
    {% if fits_groups() -%}
        left join {{ ref("int_customer_value__fit_groups") }} as fit_groups
            on states.customer_id = fit_groups.customer_id
    {%- endif %}

)

select * from past_forecast_rows
