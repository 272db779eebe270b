{#- What only a capability reads is not asked for where it is off. -#}
{%- set months = var("forecast_months") if is_on("decisions") else 0 -%}
{%- set used = [base_model(), var("purchase_model")] | unique | list -%}
{%- set rows = "all_rows" if is_on("history") else "forecast_rows" -%}
-- The forecasts that are wanted, and of whom: what a model says of a customer depends
-- on these columns alone, so that each combination is evaluated once.
with

forecast_rows as (

    select
        fit_role as as_of_role,
        as_of_role = 'current' as is_current,
        date_number,
        horizon_days,
        window_days,
        repeat_count,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        is_compared,
        false as is_history
    from {{ ref("int_customer_value__forecast_rows") }}

),
{% if is_on("history") %}
    -- The same of the ends of past months, without their windows and spend, which no
    -- lookup depends on.
    past_rows as (

        select
            {{ fit_role("'current'", "fit_groups.fit_group") }} as as_of_role,
            true as is_current,
            forecast_dates.date_number,
            forecast_dates.horizon_days,
            forecast_dates.window_days,
            snapshots.repeat_count,
            snapshots.recency_days,
            snapshots.last_purchase_age_days,
            snapshots.customer_age_days,
            false as is_compared,
            true as is_history
        from {{ ref("int_customer_value__customer_snapshots") }} as snapshots
        inner join {{ ref("int_customer_value__as_of_dates") }} as as_of_dates
            on snapshots.as_of_date = as_of_dates.as_of_date
        cross join {{ ref("int_customer_value__forecast_dates") }} as forecast_dates
        {% if fits_groups() -%}
            left join {{ ref("int_customer_value__fit_groups") }} as fit_groups
                on snapshots.customer_id = fit_groups.customer_id
        {%- endif %}
        where
            not snapshots.is_current
            and as_of_dates.as_of_role = 'history'
            and forecast_dates.forecast_role = 'current'
            and forecast_dates.date_number = 0

    ),

    all_rows as (

        select * from forecast_rows
        union all
        select * from past_rows

    ),
{% endif %}
whole_numbers as (

    {{ whole_numbers(100000) }}

),

months as (

    select whole_number as month_ahead
    from whole_numbers
    where whole_number between 1 and {{ months }}

),

counts_and_ages as (

    select distinct
        as_of_role,
        is_current,
        date_number,
        horizon_days,
        case
            when is_compared then least(horizon_days, {{ var("activity_days") }})
            else {{ var("activity_days") }}
        end as activity_days,
        window_days,
        repeat_count,
        customer_age_days,
        is_compared,
        is_history
    from {{ rows }}

),

-- All models where forecasts are judged, those in use today, and one for the past; the
-- base of the correction over its window as well.
forecasts as (
    {% for model in ["bg_nbd", "mbg_nbd", "pareto_nbd"] %}
        {% for days in ["horizon_days", "activity_days"] %}
            select
                as_of_role,
                '{{ model }}' as model,
                repeat_count,
                customer_age_days,
                0 as month_ahead,
                cast(0 as {{ type_double() }}) as from_day,
                cast({{ days }} as {{ type_double() }}) as to_day
            from counts_and_ages
            where
                date_number = 0
                and (
                    is_compared
                    {{ "or not is_history" if model in used }}
                    {{ "or is_history" if model == model_in_use() }}
                )
                {{ "and not is_history" if days == "activity_days" }}
            union all
        {% endfor %}
    {% endfor %}
    select
        as_of_role,
        '{{ base_model() }}' as model,
        repeat_count,
        customer_age_days,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast(window_days as {{ type_double() }}) as to_day
    from counts_and_ages
),

-- A month is a twelfth of a year of 365 days, so that month 12 ends on day 365.
monthly_forecasts as (

    select
        counts_and_ages.as_of_role,
        '{{ model_in_use() }}' as model,
        counts_and_ages.repeat_count,
        counts_and_ages.customer_age_days,
        months.month_ahead,
        cast(365 as {{ type_double() }}) / 12 * (months.month_ahead - 1) as from_day,
        cast(365 as {{ type_double() }}) / 12 * months.month_ahead as to_day
    from counts_and_ages
    cross join months
    where counts_and_ages.is_current and not counts_and_ages.is_history

),

-- P(alive) of the Pareto/NBD: active at the last purchase, and silent ever since.
silences as (

    select
        as_of_role,
        'pareto_nbd' as model,
        repeat_count,
        last_purchase_age_days as customer_age_days,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast(recency_days as {{ type_double() }}) as to_day
    from {{ rows }}
    where
        date_number = 0
        and (is_compared {{ "or not is_compared" if "pareto_nbd" in used }})

),

oldest as (

    select max(customer_age_days) as days_to_current
    from forecast_rows
    where is_current

),

-- Who has just bought for the first time, as everybody does who is still to come.
newcomers as (

    select
        'current' as as_of_role,
        '{{ model_in_use() }}' as model,
        0 as repeat_count,
        0 as customer_age_days,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast({{ var("horizon_days") }} as {{ type_double() }}) as to_day
    from oldest
    where {{ "1 = 1" if is_on("decisions") else "1 = 0" }}

),

-- Day by day what is expected of a customer of whom nothing but the first purchase is
-- known, for the comparison with every week of the log.
first_days as (
    {% for model in ["bg_nbd", "mbg_nbd", "pareto_nbd"] %}
        select
            'calibration' as as_of_role,
            '{{ model }}' as model,
            0 as repeat_count,
            0 as customer_age_days,
            0 as month_ahead,
            cast(whole_numbers.whole_number - 1 as {{ type_double() }}) as from_day,
            cast(whole_numbers.whole_number as {{ type_double() }}) as to_day
        from oldest
        inner join whole_numbers
            on whole_numbers.whole_number between 1 and oldest.days_to_current
        where {{ "1 = 1" if is_on("validation") else "1 = 0" }}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

all_keys as (

    select * from forecasts
    union all
    select * from monthly_forecasts
    union all
    select * from silences
    union all
    select * from newcomers
    union all
    select * from first_days

),

forecast_keys as (

    select distinct
        as_of_role,
        model,
        repeat_count,
        customer_age_days,
        month_ahead,
        from_day,
        to_day
    from all_keys

)

select * from forecast_keys
