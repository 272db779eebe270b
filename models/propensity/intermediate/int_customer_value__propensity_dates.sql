-- The test date is the last date whose window is over today. Training dates are those
-- whose window was over by then. Before the calibration date the purchase model's
-- parameters would come from the future, so earlier dates serve only where there are no
-- later ones.
with

as_of_dates as (

    select
        as_of_role,
        as_of_date,
        days_before_current
    from {{ ref("int_customer_value__as_of_dates") }}

),

dates as (

    select
        as_of_date,
        max(days_before_current) as days_before_current
    from as_of_dates
    group by as_of_date

),

test_dates as (

    select max(as_of_date) as test_date
    from dates
    where days_before_current >= {{ var("activity_days") }}

),

calibration_dates as (

    select max(as_of_date) as calibration_date
    from as_of_dates
    where as_of_role = 'calibration'

),

candidates as (

    select
        dates.as_of_date,
        coalesce(dates.as_of_date >= calibration_dates.calibration_date, false)
            as is_after_calibration
    from dates
    cross join test_dates
    cross join calibration_dates
    where
        {{ date_add_days("dates.as_of_date", var("activity_days")) }}
        <= test_dates.test_date

),

propensity_dates as (

    select
        'training' as fold,
        as_of_date
    from candidates
    where
        is_after_calibration
        or not exists (
            select later_candidates.as_of_date
            from candidates as later_candidates
            where later_candidates.is_after_calibration
        )
    union all
    select
        'test' as fold,
        test_date as as_of_date
    from test_dates
    where test_date is not null
    union all
    select
        'current' as fold,
        as_of_date
    from dates
    where days_before_current = 0

)

select * from propensity_dates
