{#- Engines that replace rows by key keep what is stored; others compute all anew. -#}
{{ config(
    materialized=(
        "incremental" if target.type in ["duckdb", "postgres", "redshift", "snowflake"]
        else "table"
    ),
    incremental_strategy="delete+insert",
    unique_key="as_of_date",
    on_schema_change="sync_all_columns",
    post_hook="{{ delete_dates_not_in_force() }}",
) }}

{%- set late_arrival_days = var("late_arrival_days") %}
with

customer_days as (

    select
        customer_id,
        net_amount,
        order_count,
        purchase_number,
        days_since_previous_purchase,
        is_purchase_day,
        activity_date
    from {{ ref("int_customer_days") }}

),

fingerprints as (

    select
        fingerprint,
        days_before_current,
        as_of_date
    from {{ ref("int_snapshot_fingerprints") }}

),

{% if is_incremental() -%}
    stored_dates as (

        select
            as_of_date,
            max(fingerprint) as fingerprint
        from {{ this }}
        group by as_of_date

    ),

    -- New dates, and those whose customers' days are no longer what they were; where a
    -- limit is set, what lies further back than it keeps what it said.
    dates as (

        select
            fingerprints.as_of_date,
            fingerprints.fingerprint
        from fingerprints
        left join stored_dates on fingerprints.as_of_date = stored_dates.as_of_date
        where
            stored_dates.as_of_date is null
            or (
                stored_dates.fingerprint != fingerprints.fingerprint
                {% if late_arrival_days not in ["", none] -%}
                    and fingerprints.days_before_current <= {{ late_arrival_days }}
                {%- endif %}
            )

    ),
{%- else -%}
    dates as (

        select
            as_of_date,
            fingerprint
        from fingerprints

    ),
{%- endif %}

-- A purchase on the as-of date counts.
days_by_date as (

    select
        customer_days.*,
        dates.as_of_date
    from customer_days
    inner join dates on customer_days.activity_date <= dates.as_of_date

),

totals as (

    select
        as_of_date,
        customer_id,
        min(case when is_purchase_day then activity_date end) as first_purchase_date,
        max(case when is_purchase_day then activity_date end) as last_purchase_date,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(case when is_purchase_day then 1 else 0 end) as bigint)
            as purchase_day_count,
        cast(sum(net_amount) as {{ type_money() }}) as net_revenue,
        cast(
            sum(
                case
                    when is_purchase_day and purchase_number > 1 and net_amount > 0
                        then 1
                    else 0
                end
            ) as bigint
        ) as paid_repeat_count,
        cast(
            sum(
                case when is_purchase_day and purchase_number > 1 then net_amount end
            ) as {{ type_money() }}
        ) as repeat_spend,
        sum(
            cast(days_since_previous_purchase as {{ type_double() }})
            * days_since_previous_purchase
        ) as squared_days_between_purchases
    from days_by_date
    group by as_of_date, customer_id
    having max(case when is_purchase_day then 1 else 0 end) = 1

),

ages as (

    select
        *,
        purchase_day_count - 1 as repeat_count,
        cast(
            {{ date_diff_days("last_purchase_date", "as_of_date") }} as bigint
        ) as recency_days,
        cast(
            {{ date_diff_days("first_purchase_date", "last_purchase_date") }} as bigint
        ) as last_purchase_age_days,
        cast(
            {{ date_diff_days("first_purchase_date", "as_of_date") }} as bigint
        ) as customer_age_days
    from totals

),

spacing as (

    select
        *,
        cast(last_purchase_age_days as {{ type_double() }})
        / nullif(repeat_count, 0) as mean_days_between_purchases
    from ages

),

with_fingerprint as (

    select
        spacing.*,
        dates.fingerprint
    from spacing
    inner join dates on spacing.as_of_date = dates.as_of_date

),

snapshots as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        fingerprint,

        ---------- numerics
        order_count,
        purchase_day_count,
        repeat_count,
        paid_repeat_count,
        net_revenue,
        cast(repeat_spend as {{ type_double() }})
        / nullif(paid_repeat_count, 0) as mean_repeat_value,
        cast(net_revenue as {{ type_double() }})
        / nullif(order_count, 0) as average_order_value,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        mean_days_between_purchases,
        -- The sample deviation of the gaps over their mean: it takes two gaps.
        case
            when repeat_count > 1
                then
                    sqrt(
                        greatest(
                            squared_days_between_purchases
                            - last_purchase_age_days * mean_days_between_purchases,
                            0
                        ) / (repeat_count - 1)
                    ) / mean_days_between_purchases
        end as days_between_purchases_cv,

        ---------- dates
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from with_fingerprint

)

select * from snapshots
