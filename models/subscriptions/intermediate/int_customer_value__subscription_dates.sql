{{ config(materialized="table") }}

{%- set holdout_days = var("holdout_days") %}
with

-- Half of the days since the first payment is held out; never more than the horizon.
observed as (

    select
        min(started_date) as first_date,
        max(as_of_date) as current_date_observed
    from {{ ref("int_customer_value__subscription_periods") }}
    where period_kind = 'paid'

),

held_out as (

    select
        first_date,
        current_date_observed,
        {% if holdout_days not in ["", none] -%}
            {{ holdout_days }} as holdout_days
        {%- else -%}
            cast(
                least(
                    floor(
                        (
                            {{ date_diff_days(
                                "first_date", "current_date_observed"
                            ) }} + 1
                        ) / 2.0
                    ),
                    {{ var("horizon_days") }}
                ) as integer
            ) as holdout_days
        {%- endif %}
    from observed
    where first_date is not null

),

subscription_dates as (

    select
        'current' as as_of_role,
        current_date_observed as as_of_date,
        first_date
    from held_out
    union all
    select
        'calibration' as as_of_role,
        {{ date_add_days("current_date_observed", "-1 * holdout_days") }} as as_of_date,
        first_date
    from held_out
    where
        holdout_days >= 1
        and {{ date_add_days("current_date_observed", "-1 * holdout_days") }}
        >= first_date

)

select * from subscription_dates
