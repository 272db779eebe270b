{{ config(materialized="table") }}

with

customers as (

    select customer_id
    from {{ ref("int_customer_value__customer_totals") }}

),

as_of_dates as (

    select as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'current'

),

definitions as (

    select
        lower(trim(event_name)) as event_name,
        role
    from {{ ref("customer_value__event_definitions") }}
    where role in ('login', 'core_feature')

),

events as (

    select
        customer_id,
        event_name,
        feature,
        event_date
    from {{ ref("int_customer_value__events_classified") }}
    where exclusion_reason is null

),

used as (

    select
        events.customer_id,
        count(distinct events.event_date) as usage_active_days,
        count(case when definitions.role = 'core_feature' then 1 end)
            as usage_core_actions,
        count(
            distinct case
                when definitions.role = 'core_feature'
                    then coalesce(events.feature, events.event_name)
            end
        ) as usage_features
    from events
    inner join definitions on events.event_name = definitions.event_name
    inner join as_of_dates
        on
            as_of_dates.as_of_date >= events.event_date
            and events.event_date
            > {{ date_add_days("as_of_dates.as_of_date", -1 * var("activity_days")) }}
    group by events.customer_id

),

product_usage as (

    select
        ---------- ids
        customers.customer_id,

        ---------- numerics
        coalesce(used.usage_active_days, 0) as usage_active_days,
        coalesce(used.usage_core_actions, 0) as usage_core_actions,
        coalesce(used.usage_features, 0) as usage_features
    from customers
    left join used on customers.customer_id = used.customer_id

)

select * from product_usage
