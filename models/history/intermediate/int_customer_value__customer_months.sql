{{ config(materialized="table") }}

with

customer_days as (

    select
        customer_id,
        net_amount,
        net_cost,
        order_count,
        is_purchase_day,
        transacted_date
    from {{ ref("int_customer_value__customer_days") }}
    where first_purchase_date is not null

),

months as (

    select
        customer_id,
        {{ month_start("transacted_date") }} as month_start_date,
        cast(sum(net_amount) as {{ type_money() }}) as net_amount,
        cast(sum({{ margin_of_day() }}) as {{ type_money() }}) as net_margin,
        cast(sum(order_count) as bigint) as order_count,
        max(case when is_purchase_day then 1 else 0 end) = 1 as is_active
    from customer_days
    group by customer_id, {{ month_start("transacted_date") }}

),

neighbours as (

    select
        *,
        min(case when is_active then month_start_date end) over (
            partition by customer_id
        ) as first_active_date,
        max(case when is_active then month_start_date end) over (
            partition by customer_id
            order by month_start_date
            rows between unbounded preceding and 1 preceding
        ) as previous_active_date,
        min(case when is_active then month_start_date end) over (
            partition by customer_id
            order by month_start_date
            rows between 1 following and unbounded following
        ) as next_active_date
    from months

),

customer_months as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        case
            when not is_active then null
            when previous_active_date is null then 'new'
            when
                previous_active_date = {{ date_add_months("month_start_date", -1) }}
                then 'returning'
            else 'reactivated'
        end as month_status,

        ---------- numerics
        net_amount,
        net_margin,
        order_count,

        ---------- booleans
        is_active,
        is_active
        and coalesce(
            next_active_date != {{ date_add_months("month_start_date", 1) }}, true
        ) as is_lapsing,

        ---------- dates
        month_start_date,
        first_active_date as cohort_start_date
    from neighbours

)

select * from customer_months
