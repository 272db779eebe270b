{{ config(materialized="table") }}

{%- set quintiles = var("rfm_scoring") == "quintiles" %}
with

snapshots as (

    select
        recency_days,
        order_count,
        net_revenue,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}

),

thresholds as (  -- noqa: ST03

    select
        metric,
        score,
        from_value
    from {{ ref("customer_value__rfm_thresholds") }}

),

-- All three distributions in one pass; none of the three is null in a snapshot.
value_counts as (

    select
        as_of_date,
        recency_days,
        order_count,
        net_revenue,
        count(*) as customer_count
    from snapshots
    group by grouping sets (  -- noqa: PRS
        (as_of_date, recency_days),
        (as_of_date, order_count),
        (as_of_date, net_revenue)
    )

),

distributions as (

    select
        as_of_date,
        case
            when recency_days is not null then 'recency_days'
            when order_count is not null then 'order_count'
            else 'net_revenue'
        end as metric,
        cast(
            coalesce(recency_days, order_count, net_revenue) as {{ type_money() }}
        ) as metric_value,
        case when recency_days is not null then -1 else 1 end as direction,
        customer_count
    from value_counts

),

ranked as (

    select
        as_of_date,
        metric,
        metric_value,
        sum(customer_count) over (
            partition by as_of_date, metric
            order by metric_value * direction
            rows between unbounded preceding and current row
        ) - customer_count as customers_below,
        sum(customer_count) over (partition by as_of_date, metric) as customer_count,
        count(*) over (partition by as_of_date, metric) as value_count
    from distributions

),

-- 5 x (customers strictly below) / customers, in whole numbers: ties share a score.
-- Where all customers tie there is no order, and the score is the middle one.
scored as (

    select
        as_of_date,
        metric,
        metric_value as from_value,
        case
            when value_count = 1 then 3
            else
                cast(
                    1 + floor(
                        cast(5 * customers_below as {{ type_double() }})
                        / customer_count
                    ) as integer
                )
        end as score
    from ranked

),

dates as (  -- noqa: ST03

    select distinct as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}

),

-- The scores begin where the seed says, or where the date's own distribution does.
starts as (
    {% if quintiles -%}
        select
            as_of_date,
            metric,
            score,
            from_value
        from scored
    {%- else -%}
        select
            dates.as_of_date,
            thresholds.metric,
            thresholds.score,
            thresholds.from_value
        from dates
        cross join thresholds
    {%- endif %}
),

-- Of a distribution the first value with at least that score (of recency, where few
-- days score high, at most that score); of the seed the value itself.
boundaries as (

    select
        {% for metric in ["recency_days", "order_count", "net_revenue"] -%}
            {%- set at_least = "<=" if metric == "recency_days" else ">=" -%}
            {%- set reached = at_least if quintiles else "=" -%}
            {%- set is_counted = quintiles and metric != "net_revenue" -%}
            {%- for score in range(1, 6) -%}
                cast(
                    min(
                        case
                            when
                                metric = '{{ metric }}'
                                and score {{ reached }} {{ score }}
                                then from_value
                        end
                    ) as {{ dbt.type_bigint() if is_counted else type_money() }}
                ) as {{ metric }}_from_{{ score }},
            {% endfor -%}
        {%- endfor -%}
        as_of_date
    from starts
    group by as_of_date

)

select * from boundaries
