with

events as (

    select
        customer_id,
        event_name,
        occurred_at
    from {{ ref("demo_customer_value__events") }}

),

trials as (

    select
        customer_id,
        min(case when event_name = 'trial_started' then occurred_at end)
            as trial_started_at,
        min(case when event_name = 'subscribed' then occurred_at end) as converted_at
    from events
    group by customer_id

)

select * from trials
