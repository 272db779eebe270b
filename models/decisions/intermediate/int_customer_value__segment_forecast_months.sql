{{ config(materialized="table") }}

with

customer_values as (

    select
        segment,
        repeat_count,
        customer_age_days,
        probability_alive,
        expected_purchase_value
    from {{ ref("int_customer_value__customer_values") }}
    where is_current

),

monthly_purchases as (

    {{ monthly_purchase_lookup() }}

),

patterns as (

    select
        segment,
        {{ value_pattern_columns() }}
    from customer_values
    group by segment, repeat_count, customer_age_days

),

segment_months as (

    {{ expected_months("patterns", ["segment"]) }}

)

select * from segment_months
