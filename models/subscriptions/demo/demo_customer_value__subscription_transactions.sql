with

periods as (

    select
        customer_id,
        amount,
        case when billing_interval = 'year' then 12 else 1 end as interval_months,
        cast(
            case when trial_ends_on > started_on then trial_ends_on else started_on end
            as date
        ) as paid_from_date,
        cast(ended_on as date) as ended_date
    from {{ ref("demo_customer_value__subscriptions") }}

),

-- Nobody pays after the last day of the simulation.
last_days as (

    select max(paid_from_date) as last_date
    from periods
    where ended_date is null or ended_date > paid_from_date

),

payment_numbers as (

    {{ whole_numbers(100) }}

),

payments as (

    select
        periods.customer_id,
        periods.amount,
        periods.ended_date,
        last_days.last_date,
        {{ date_add_months(
            "periods.paid_from_date",
            "payment_numbers.whole_number * periods.interval_months"
        ) }} as transacted_at
    from periods
    cross join payment_numbers
    cross join last_days

),

transactions as (

    select
        customer_id,
        transacted_at,
        amount
    from payments
    where
        transacted_at <= last_date
        and (ended_date is null or transacted_at < ended_date)

)

select * from transactions
