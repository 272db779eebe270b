{{ config(materialized="table") }}
{%- set is_learned = var("value_model") not in value_models_without_learner() -%}
{%- set roles = ["'calibration'"] + (["'current'"] if is_learned else []) %}

-- What a learner of value is taught: from an earlier date, the spend of a window that
-- ends where its forecast begins. The window is as long as what is to be predicted,
-- unless that leaves fewer than activity_days of the log before it: then half of the
-- log, taken to go on at the same pace.
with

as_of_dates as (

    select
        as_of_role,
        as_of_date,
        case
            when as_of_role = 'calibration' then days_before_current
            else {{ var("horizon_days") }}
        end as target_days
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role in ({{ roles | join(", ") }})

),

first_purchases as (

    select
        as_of_role,
        min(first_purchase_date) as first_purchase_date
    from {{ ref("int_customer_value__customer_sample") }}
    group by as_of_role

),

observed as (

    select
        as_of_dates.as_of_role,
        as_of_dates.as_of_date,
        as_of_dates.target_days,
        {{ date_diff_days(
            "first_purchases.first_purchase_date", "as_of_dates.as_of_date"
        ) }} + 1 as observed_days
    from as_of_dates
    inner join first_purchases on as_of_dates.as_of_role = first_purchases.as_of_role

),

windows as (

    select
        *,
        cast(
            case
                when observed_days - target_days >= {{ var("activity_days") }}
                    then target_days
                else least(target_days, floor(observed_days / 2.0))
            end as integer
        ) as window_days
    from observed

),

-- The revenue of the holdout is told as it is; a lifetime value is discounted, margin.
discounted as (

    select
        *,
        case
            when as_of_role = 'calibration' then 0
            else ln(1 + cast({{ var("annual_discount_rate") }} as {{ type_double() }}))
        end / 365 as discount_per_day,
        case
            when as_of_role = 'calibration' then 1
            else cast({{ var("gross_margin") }} as {{ type_double() }})
        end as margin
    from windows
    where
        window_days >= least(target_days, {{ var("activity_days") }})
        and observed_days - window_days >= {{ var("activity_days") }}

),

value_dates as (

    select
        ---------- strings
        as_of_role,

        ---------- numerics
        window_days,
        cast(target_days as integer) as target_days,
        cast(observed_days - window_days as integer) as lookback_days,
        discount_per_day,
        margin * case
            when discount_per_day > 0
                then
                    (1 - exp(-1 * discount_per_day * target_days))
                    / (1 - exp(-1 * discount_per_day * window_days))
            else cast(target_days as {{ type_double() }}) / window_days
        end as value_per_spend,

        ---------- dates
        as_of_date,
        {{ date_add_days("as_of_date", "-1 * window_days") }} as training_date
    from discounted

)

select * from value_dates
