with

as_of_dates as (

    select
        as_of_role,
        as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role in ('history', 'current')

),

-- The current date may end a month, and is one date of the history then.
dates as (

    select
        as_of_date,
        max(case when as_of_role = 'current' then 1 else 0 end) = 1 as is_current
    from as_of_dates
    group by as_of_date

),

history_dates as (

    select
        ---------- booleans
        is_current,

        ---------- dates
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as previous_as_of_date
    from dates

)

select * from history_dates
