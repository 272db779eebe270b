-- After the totals, which stop the build where no line can be used.
-- depends_on: {{ ref("int_customer_value__customer_totals") }}
{{ config(materialized="table") }}

{%- set up_to_each_day -%}
    over (
        partition by customer_id
        order by activity_date
        rows between unbounded preceding and current row
    )
{%- endset %}
with

netted_days as (

    select
        customer_id,
        net_amount,
        order_count,
        days_since_previous_purchase,
        is_purchase_day,
        activity_date
    from {{ ref("int_customer_value__netted_days") }}

),

-- Running totals, so that a snapshot of any date is a row of this table, not a sum.
totals as (

    select
        *,
        {{ totals_of_days(up_to_each_day, "_to_date") }},
        lead(activity_date) over (
            partition by customer_id order by activity_date
        ) as next_activity_date,
        min(case when is_purchase_day then activity_date end) over (
            partition by customer_id
            order by activity_date
            rows between unbounded preceding and unbounded following
        ) as first_purchase_date
    from netted_days

),

-- Who never has a purchase day is no customer; the lines keep the reason.
days as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- numerics
        net_amount,
        order_count,
        purchase_day_count_to_date as purchase_number,
        cast(days_since_previous_purchase as bigint) as days_since_previous_purchase,
        order_count_to_date,
        net_revenue_to_date,
        paid_repeat_count_to_date,
        repeat_spend_to_date,
        squared_days_between_purchases_to_date,

        ---------- booleans
        is_purchase_day,

        ---------- dates
        activity_date,
        next_activity_date,
        first_purchase_date,
        last_purchase_date_to_date as last_purchase_date
    from totals
    where first_purchase_date is not null

)

select * from days
