-- What is stored from earlier runs is what the purchase days of this one say; dates
-- further back than late_arrival_days, where it is set, keep what they said.
{%- set late_arrival_days = var("late_arrival_days") %}
with

dates as (

    select distinct
        as_of_date,
        days_before_current
    from {{ ref("int_as_of_dates") }}

),

purchase_days as (

    select
        purchase_date,
        count(*) as purchase_day_count,
        sum(case when purchase_number = 1 then 1 else 0 end) as customer_count
    from {{ ref("int_purchase_days") }}
    group by purchase_date

),

expected as (

    select
        dates.as_of_date,
        dates.days_before_current,
        sum(purchase_days.purchase_day_count) as purchase_day_count,
        sum(purchase_days.customer_count) as customer_count
    from dates
    inner join purchase_days on dates.as_of_date >= purchase_days.purchase_date
    group by dates.as_of_date, dates.days_before_current

),

stored as (

    select
        as_of_date,
        sum(purchase_day_count) as purchase_day_count,
        count(*) as customer_count
    from {{ ref("int_stored_snapshots") }}
    group by as_of_date

)

select
    expected.as_of_date,
    stored.as_of_date as stored_as_of_date
from expected
full outer join stored on expected.as_of_date = stored.as_of_date
where
    expected.as_of_date is null
    or stored.as_of_date is null
    or (
        (
            expected.purchase_day_count != stored.purchase_day_count
            or expected.customer_count != stored.customer_count
        )
        {% if late_arrival_days not in ["", none] -%}
            and expected.days_before_current <= {{ late_arrival_days }}
        {%- endif %}
    )
