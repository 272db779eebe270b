-- What customers did in the activity_days after an as-of date, for dates after which
-- that many days have passed. The sample of the fits is enough: only rates and models
-- are made of it.
with

customer_sample as (

    select
        customer_id,
        first_purchase_date
    from {{ ref("int_customer_value__customer_sample") }}
    where as_of_role = 'current'

),

as_of_dates as (

    select distinct as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where days_before_current >= {{ var("activity_days") }}

),

purchase_days as (

    select
        customer_id,
        spend,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

windows as (

    select
        as_of_date,
        {{ date_add_days("as_of_date", var("activity_days")) }} as last_date
    from as_of_dates

),

purchases as (

    select
        purchase_days.customer_id,
        windows.as_of_date,
        sum(purchase_days.spend) as spend
    from purchase_days
    inner join customer_sample
        on purchase_days.customer_id = customer_sample.customer_id
    cross join windows
    where
        case
            when purchase_days.purchase_date > windows.as_of_date
                then purchase_days.purchase_date <= windows.last_date
            else false
        end
    group by purchase_days.customer_id, windows.as_of_date

),

-- A customer is observed on every date from the first purchase on.
labels as (

    select
        ---------- ids
        customer_sample.customer_id,

        ---------- numerics
        cast(coalesce(purchases.spend, 0) as {{ type_money() }}) as spend,

        ---------- booleans
        purchases.customer_id is not null as is_active,

        ---------- dates
        windows.as_of_date
    from customer_sample
    inner join windows on customer_sample.first_purchase_date <= windows.as_of_date
    left join purchases
        on
            customer_sample.customer_id = purchases.customer_id
            and windows.as_of_date = purchases.as_of_date

)

select * from labels
