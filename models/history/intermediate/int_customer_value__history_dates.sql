{{ config(materialized="table") }}

{#- What is stored of a date changes with the data and with the rules it is made by: the
    SQL of the chain, the var, and the rows of the seeds. -#}
{%- set nodes = graph.get("nodes", {}) if execute else {} -%}
{%- set rules = [
    var("rfm_scoring"), rfm_score("value", "asc"), rfm_score("value", "desc"),
    score_boundaries(true), totals_of_days(), netted_days("lines"), lines_as_days("lines"),
] -%}
{%- for name in [
    "int_customer_value__netted_days", "int_customer_value__customer_totals", "int_customer_value__customer_days",
    "int_customer_value__customer_snapshots", "int_customer_value__score_boundaries",
    "int_customer_value__customer_scores", "int_customer_value__segment_changes", "int_customer_value__segment_totals",
] -%}
    {%- set rule = nodes.get("model.customer_value." ~ name, {}) -%}
    {%- do rules.append(rule.get("raw_code", "")) -%}
{%- endfor %}
{%- set fingerprinted -%}
    concat(
        '{{ local_md5(rules | join("|")) }}|',
        cast(legend.row_count as {{ dbt.type_string() }}), '|',
        coalesce(cast(legend.row_hash as {{ dbt.type_string() }}), ''), '|',
        cast(thresholds.row_count as {{ dbt.type_string() }}), '|',
        coalesce(cast(thresholds.row_hash as {{ dbt.type_string() }}), ''), '|',
        coalesce(cast(consecutive.previous_date as {{ dbt.type_string() }}), ''), '|',
        cast(consecutive.row_count as {{ dbt.type_string() }}), '|',
        cast(consecutive.row_hash as {{ dbt.type_string() }})
    )
{%- endset %}
with

customer_days as (

    select
        customer_id,
        net_amount,
        order_count,
        is_purchase_day,
        activity_date
    from {{ ref("int_customer_value__customer_days") }}

),

dates as (

    select
        as_of_date,
        max(case when as_of_role = 'current' then 1 else 0 end) = 1 as is_current,
        max(days_before_current) as days_before_current
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role in ('history', 'current')
    group by as_of_date

),

legend as (

    select
        count(*) as row_count,
        sum(
            {{ row_hash(["r_score", "f_score", "m_score", "segment"]) }}
        ) as row_hash
    from {{ ref("customer_value__rfm_legend") }}

),

thresholds as (

    select
        count(*) as row_count,
        sum({{ row_hash(["metric", "score", "from_value"]) }}) as row_hash
    from {{ ref("customer_value__rfm_thresholds") }}

),

-- A sum does not depend on the order of the rows; every column a snapshot is made from
-- is in it, or follows from those that are.
days as (

    select
        activity_date,
        count(*) as row_count,
        sum(
            {{ row_hash([
                "customer_id", "activity_date", "net_amount", "order_count",
                "is_purchase_day",
            ]) }}
        ) as row_hash
    from customer_days
    group by activity_date

),

sums as (

    select
        dates.as_of_date,
        dates.is_current,
        dates.days_before_current,
        sum(days.row_count) as row_count,
        sum(days.row_hash) as row_hash
    from dates
    inner join days on dates.as_of_date >= days.activity_date
    group by dates.as_of_date, dates.is_current, dates.days_before_current

),

consecutive as (

    select
        *,
        lag(as_of_date) over (order by as_of_date) as previous_date
    from sums

),

history_dates as (

    select
        ---------- strings
        {{ dbt.hash(fingerprinted) }} as fingerprint,

        ---------- numerics
        consecutive.days_before_current,

        ---------- booleans
        consecutive.is_current,

        ---------- dates
        consecutive.as_of_date,
        consecutive.previous_date
    from consecutive
    cross join legend
    cross join thresholds

)

select * from history_dates
