{{ config(materialized="table") }}

{#- Where 1 is the lowest score, a boundary is the value from which a score of at least that
    is given; of recency, where few days score high, at most that. -#}
{%- set quintiles = var("rfm_scoring") == "quintiles" -%}
{%- set metrics = ["recency_days", "order_count", "net_revenue"] %}
with

{% if quintiles -%}
    snapshots as (

        select
            recency_days,
            order_count,
            net_revenue,
            as_of_date
        from {{ ref("int_customer_snapshots") }}

    ),

    -- All three distributions in one pass; none of the three is ever null in a snapshot.
    value_counts as (

        select
            as_of_date,
            recency_days,
            order_count,
            net_revenue,
            count(*) as customer_count
        from snapshots
        group by grouping sets (
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
            sum(customer_count) over (partition by as_of_date, metric) as customer_count
        from distributions

    ),

    -- 5 x (customers strictly below) / customers, in whole numbers: ties share a score.
    scored as (

        select
            as_of_date,
            metric,
            metric_value as from_value,
            cast(
                1 + floor(
                    cast(5 * customers_below as {{ type_double() }}) / customer_count
                ) as integer
            ) as score
        from ranked

    ),

    boundaries as (

        select
            as_of_date,
            {% for score in range(1, 6) %}
                cast(
                    min(
                        case
                            when metric = 'recency_days' and score <= {{ score }}
                                then from_value
                        end
                    ) as bigint
                ) as recency_days_from_{{ score }},
                cast(
                    min(
                        case
                            when metric = 'order_count' and score >= {{ score }}
                                then from_value
                        end
                    ) as bigint
                ) as order_count_from_{{ score }},
                min(
                    case
                        when metric = 'net_revenue' and score >= {{ score }}
                            then from_value
                    end
                ) as net_revenue_from_{{ score }}{{ "," if not loop.last }}
            {% endfor %}
        from scored
        group by as_of_date

    )
{%- else -%}
    dates as (

        select distinct as_of_date
        from {{ ref("int_as_of_dates") }}

    ),

    thresholds as (

        select
            metric,
            score,
            from_value
        from {{ ref("rfm_thresholds") }}

    ),

    boundaries as (

        select
            dates.as_of_date,
            {% for metric in metrics %}
                {% set is_last_metric = loop.last %}
                {% for score in range(1, 6) %}
                    max(
                        case
                            when
                                thresholds.metric = '{{ metric }}'
                                and thresholds.score = {{ score }}
                                then thresholds.from_value
                        end
                    ) as {{ metric }}_from_{{ score }}
                    {{- "," if not (is_last_metric and loop.last) }}
                {% endfor %}
            {% endfor %}
        from dates
        cross join thresholds
        group by dates.as_of_date

    )
{%- endif %}

select
    ---------- numerics
    {% for metric in metrics %}
        {% for score in range(1, 6) %}
            {{ metric }}_from_{{ score }},
        {% endfor %}
    {% endfor %}

    ---------- dates
    as_of_date
from boundaries
