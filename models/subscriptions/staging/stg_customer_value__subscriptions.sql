{#- As text this is longer than a view may be in the metastore that Spark brings: 32,700 bytes. -#}
{{ config(materialized="table" if target.type == "spark" else "view") }}
{%- set columns = input_map("subscriptions") -%}
{{ validate_input("subscriptions", is_staging=true) }}
{{ require_billing_interval("subscriptions", is_staging=true) }}
with

source as (

    select * from {{ input_relation("subscriptions") }}

),

subscriptions as (

    select
        ---------- ids
        {{ parse_customer_id(input_column(columns, "customer_id")) }} as customer_id,
        {{ parse_id(input_column(columns, "subscription_id")) }} as subscription_id,

        ---------- strings
        {{ text_id(input_column(columns, "plan")) }} as plan,
        lower({{ text_id(input_column(columns, "churn_reason")) }}) as churn_reason,
        upper({{ text_id(input_column(columns, "currency")) }}) as currency,

        ---------- numerics
        {{ parse_number(input_column(columns, "amount"), type_amount()) }} as amount,
        case
            when {{ is_given(input_column(columns, "quantity")) }}
                then
                    {{ parse_number(
                        input_column(columns, "quantity"), type_amount()
                    ) }}
            else 1
        end as quantity,
        {{ parse_billing_interval(
            input_column(columns, "billing_interval"), "months"
        ) }} as interval_months,
        {{ parse_billing_interval(
            input_column(columns, "billing_interval"), "days"
        ) }} as interval_days,

        ---------- booleans
        coalesce(
            {{ parse_boolean(input_column(columns, "is_paused")) }}, false
        ) as is_paused,
        {{ is_unknown_flag(input_column(columns, "is_paused")) }}
            as is_paused_unknown,
        -- Dates that stand for no date, such as 9999-12-31, are an open end.
        {{ is_unknown_day(input_column(columns, "ended_on")) }}
        or {{ is_unknown_day(input_column(columns, "trial_ends_on")) }}
        or {{ is_unknown_day(input_column(columns, "cancelled_on")) }}
            as has_invalid_date,

        ---------- dates
        {{ parse_day(input_column(columns, "started_on")) }} as started_date,
        {{ parse_day(input_column(columns, "ended_on")) }} as ended_date,
        {{ parse_day(input_column(columns, "trial_ends_on")) }} as trial_ended_date,
        {{ parse_day(input_column(columns, "cancelled_on")) }} as cancelled_date
    from source

)

select * from subscriptions
