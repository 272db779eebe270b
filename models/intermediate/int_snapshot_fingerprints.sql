{#- A snapshot changes with the data and with the rule it is made by: its own SQL. -#}
{%- set nodes = graph.get("nodes", {}) if execute else {} -%}
{%- set rule = nodes.get("model.customer_value.int_stored_snapshots", {}) -%}
with

customer_days as (

    select
        customer_id,
        net_amount,
        order_count,
        is_purchase_day,
        activity_date
    from {{ ref("int_customer_days") }}

),

dates as (

    select
        as_of_date,
        max(days_before_current) as days_before_current
    from {{ ref("int_as_of_dates") }}
    group by as_of_date

),

-- A sum does not depend on the order of the rows; every column a snapshot is made from
-- is in it, or follows from those that are.
days as (

    select
        activity_date,
        count(*) as row_count,
        sum(
            cast(
                {{ hash_integer(
                    "concat(customer_id, '|', cast(activity_date as "
                    ~ dbt.type_string() ~ "), '|', cast(net_amount as "
                    ~ dbt.type_string() ~ "), '|', cast(order_count as "
                    ~ dbt.type_string() ~ "), '|', cast(is_purchase_day as "
                    ~ dbt.type_string() ~ "))"
                ) }} as decimal(38, 0)
            )
        ) as row_hash
    from customer_days
    group by activity_date

),

sums as (

    select
        dates.as_of_date,
        dates.days_before_current,
        sum(days.row_count) as row_count,
        sum(days.row_hash) as row_hash
    from dates
    inner join days on dates.as_of_date >= days.activity_date
    group by dates.as_of_date, dates.days_before_current

),

fingerprints as (

    select
        ---------- strings
        md5(
            concat(
                '{{ local_md5(rule.get("raw_code", "")) }}|',
                cast(row_count as {{ dbt.type_string() }}),
                '|',
                cast(row_hash as {{ dbt.type_string() }})
            )
        ) as fingerprint,

        ---------- numerics
        days_before_current,

        ---------- dates
        as_of_date
    from sums

)

select * from fingerprints
