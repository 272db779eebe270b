{#- What only a capability reads is not asked for where it is off. -#}
{%- set months = var("forecast_months") if is_on("decisions") else 0 -%}
-- The forecasts that are wanted, and of whom: what a model says of a customer depends
-- on these columns alone, so that each combination is evaluated once.
with

snapshots as (

    select
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current

),

month_ends as (

    select as_of_date as month_end_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'history'

),

-- Value tiers of the past are today's forecasts of what customers were then.
past_snapshots as (

    select
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_snapshots") }}
    where
        not is_current
        and as_of_date in (select month_ends.month_end_date from month_ends)

),

customer_sample as (

    select
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from {{ ref("int_customer_value__customer_sample") }}
    where as_of_role = 'calibration'

),

as_of_dates as (

    select days_before_current as holdout_days
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'calibration'

),

-- Today one model is in use; on the calibration date all are compared.
models as (

    select
        'current' as as_of_role,
        '{{ var("purchase_model") }}' as model
    {% if is_on("validation") -%}
        {% for model in ["bg_nbd", "mbg_nbd", "pareto_nbd"] -%}
            union all
            select
                'calibration' as as_of_role,
                '{{ model }}' as model
            from as_of_dates
        {% endfor %}
    {%- endif %}

),

whole_numbers as (

    {{ whole_numbers(100000) }}

),

months as (

    select whole_number as month_ahead
    from whole_numbers
    where whole_number between 1 and {{ months }}

),

-- A month is a twelfth of a year of 365 days, so that month 12 ends on day 365.
windows as (

    select
        'current' as as_of_role,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast({{ var("activity_days") }} as {{ type_double() }}) as to_day
    union all
    select
        'current' as as_of_role,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast({{ var("horizon_days") }} as {{ type_double() }}) as to_day
    union all
    select
        'current' as as_of_role,
        month_ahead,
        cast(365 as {{ type_double() }}) / 12 * (month_ahead - 1) as from_day,
        cast(365 as {{ type_double() }}) / 12 * month_ahead as to_day
    from months
    union all
    select
        'calibration' as as_of_role,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast(holdout_days as {{ type_double() }}) as to_day
    from as_of_dates
    union all
    select
        'calibration' as as_of_role,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast(least(holdout_days, {{ var("activity_days") }}) as {{ type_double() }})
            as to_day
    from as_of_dates

),

counts_and_ages as (

    select distinct
        'current' as as_of_role,
        repeat_count,
        customer_age_days
    from snapshots
    union all
    select distinct
        'calibration' as as_of_role,
        repeat_count,
        customer_age_days
    from customer_sample

),

forecasts as (

    select
        models.as_of_role,
        models.model,
        counts_and_ages.repeat_count,
        counts_and_ages.customer_age_days,
        windows.month_ahead,
        windows.from_day,
        windows.to_day
    from models
    inner join counts_and_ages on models.as_of_role = counts_and_ages.as_of_role
    inner join windows on models.as_of_role = windows.as_of_role

),

past_counts_and_ages as (

    select distinct
        repeat_count,
        customer_age_days
    from past_snapshots

),

past_forecasts as (

    select
        models.as_of_role,
        models.model,
        past_counts_and_ages.repeat_count,
        past_counts_and_ages.customer_age_days,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast({{ var("horizon_days") }} as {{ type_double() }}) as to_day
    from models
    cross join past_counts_and_ages
    where models.as_of_role = 'current'

),

-- P(alive) of the Pareto/NBD: active at the last purchase, and silent ever since.
silent_histories as (

    select
        'calibration' as as_of_role,
        repeat_count,
        last_purchase_age_days,
        customer_age_days
    from customer_sample
    {% if var("purchase_model") == "pareto_nbd" -%}
        union all
        select
            'current' as as_of_role,
            repeat_count,
            last_purchase_age_days,
            customer_age_days
        from snapshots
        union all
        select
            'current' as as_of_role,
            repeat_count,
            last_purchase_age_days,
            customer_age_days
        from past_snapshots
    {%- endif %}

),

silences as (

    select
        models.as_of_role,
        models.model,
        silent_histories.repeat_count,
        silent_histories.last_purchase_age_days as customer_age_days,
        0 as month_ahead,
        cast(0 as {{ type_double() }}) as from_day,
        cast(
            silent_histories.customer_age_days - silent_histories.last_purchase_age_days
            as {{ type_double() }}
        ) as to_day
    from silent_histories
    inner join models on silent_histories.as_of_role = models.as_of_role
    where models.model = 'pareto_nbd'

),

oldest as (

    select max(customer_age_days) as days_to_current
    from snapshots

),

-- Day by day what is expected of a customer of whom nothing but the first purchase is
-- known, for the comparison with every week of the log.
first_days as (

    select
        models.as_of_role,
        models.model,
        0 as repeat_count,
        0 as customer_age_days,
        0 as month_ahead,
        cast(whole_numbers.whole_number - 1 as {{ type_double() }}) as from_day,
        cast(whole_numbers.whole_number as {{ type_double() }}) as to_day
    from models
    cross join oldest
    inner join whole_numbers
        on whole_numbers.whole_number between 1 and oldest.days_to_current
    where models.as_of_role = 'calibration'

),

all_keys as (

    select * from forecasts
    union all
    select * from past_forecasts
    union all
    select * from silences
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
