{{ config(materialized="table") }}

{%- set as_of_date = (var("as_of_date") or "") | string -%}
{%- set holdout_days = var("holdout_days") %}
with

-- A line without a customer, a date or an amount moves no date; any other does, kept or
-- not.
last_dates as (

    select max(last_transacted_date) as last_date
    from {{ ref("int_customer_value__line_totals") }}

),

customer_days as (

    select transacted_date
    from {{ ref("int_customer_value__customer_days") }}
    where is_purchase_day

),

first_purchases as (

    select min(transacted_date) as first_purchase_date from customer_days

),

observed as (

    select
        first_purchase_date,
        {% if as_of_date -%}
            cast('{{ as_of_date }}' as date) as current_date_observed
        {%- else -%}
            last_date as current_date_observed
        {%- endif %}
    from first_purchases
    {%- if not as_of_date %}
        cross join last_dates
    {%- endif %}
    where first_purchase_date is not null

),

-- Half of the observed days, both ends counted, is held out; never more than the horizon.
held_out as (

    select
        first_purchase_date,
        current_date_observed,
        {% if holdout_days not in ["", none] -%}
            {{ holdout_days }} as holdout_days
        {%- else -%}
            cast(
                least(
                    floor(
                        (
                            {{ date_diff_days(
                                "first_purchase_date", "current_date_observed"
                            ) }} + 1
                        ) / 2.0
                    ),
                    {{ var("horizon_days") }}
                ) as integer
            ) as holdout_days
        {%- endif %}
    from observed

),

current_dates as (

    select
        'current' as as_of_role,
        current_date_observed as as_of_date
    from held_out

),

calibration_dates as (

    select
        'calibration' as as_of_role,
        {{ date_add_days("current_date_observed", "-1 * holdout_days") }} as as_of_date
    from held_out
    where
        holdout_days >= 1
        and {{ date_add_days("current_date_observed", "-1 * holdout_days") }}
        >= first_purchase_date

),

history_dates as (
    {% for months_back in range(var("history_months") | int) %}
        select
            'history' as as_of_role,
            {{ date_add_days(
                date_add_months(
                    month_start(date_add_days("current_date_observed", 1)),
                    -1 * months_back
                ),
                -1
            ) }} as as_of_date,
            first_purchase_date
        from held_out
        {{ "union all" if not loop.last }}
    {% else %}
        select
            'history' as as_of_role,
            current_date_observed as as_of_date,
            first_purchase_date
        from held_out
        where false
    {% endfor %}
),

as_of_dates as (

    select
        as_of_role,
        as_of_date
    from current_dates
    {% if looks_back() -%}
        union all
        select
            as_of_role,
            as_of_date
        from calibration_dates
        union all
        select
            as_of_role,
            as_of_date
        from history_dates
        where as_of_date >= first_purchase_date
    {%- endif %}

),

with_distance as (

    select
        ---------- strings
        as_of_role,
        '{{ modules_in_words() }}' as built_modules,

        ---------- numerics
        cast(
            {{ date_diff_days("as_of_dates.as_of_date", "current_date_observed") }}
            as integer
        ) as days_before_current,

        ---------- dates
        as_of_dates.as_of_date
    from as_of_dates
    cross join observed

)

select * from with_distance
