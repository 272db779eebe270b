{%- set measures = ["value", "revenue"] -%}
with

customers as (

    select
        customer_id,
        lifetime_value_365d as value_amount,
        -- Who returned more than they bought in this log brought nothing.
        greatest(net_revenue, 0) as revenue_amount
    from {{ ref("customers") }}

),

-- Each measure has its own order of the customers.
positions as (

    select
        cast(value_amount as decimal(38, 12)) as value_amount,
        cast(revenue_amount as decimal(38, 12)) as revenue_amount,
        count(*) over () as customer_count,
        {% for measure in measures %}
            row_number() over (order by {{ measure }}_amount desc, customer_id)
                as {{ measure }}_position{{ "," if not loop.last }}
        {% endfor %}
    from customers

),

-- The first percentile whose share of the customers, rounded up, reaches the position.
percentiles as (

    select
        *,
        {% for measure in measures %}
            1 + floor(
                100 * cast({{ measure }}_position - 1 as {{ type_double() }})
                / customer_count
            ) as {{ measure }}_percentile{{ "," if not loop.last }}
        {% endfor %}
    from positions

),

digits as (
    {% for digit in range(10) %}
        select {{ digit }} as digit{{ " union all" if not loop.last }}
    {% endfor %}
),

all_percentiles as (

    select 10 * tens.digit + ones.digit + 1 as percentile
    from digits as tens
    cross join digits as ones

),

{% for measure in measures %}
    {{ measure }}_sums as (

        select
            {{ measure }}_percentile as percentile,
            count(*) as customer_count,
            sum({{ measure }}_amount) as amount
        from percentiles
        group by {{ measure }}_percentile

    ),

{% endfor %}
totals as (

    select
        {% for measure in measures %}
            cast(sum({{ measure }}_amount) as {{ type_double() }})
                as {{ measure }}_total,
            -- Gini: 0 where all are equal, towards 1 where one has everything.
            {{ exact_sum(
                measure ~ "_amount * (customer_count + 1 - 2 * " ~ measure ~ "_position)"
            ) }}
            / nullif(
                max(customer_count)
                * cast(sum({{ measure }}_amount) as {{ type_double() }}),
                0
            ) as {{ measure }}_gini{{ "," if not loop.last }}
        {% endfor %}
    from percentiles

),

cumulated as (

    select
        all_percentiles.percentile,
        sum(coalesce(value_sums.customer_count, 0)) over (
            order by all_percentiles.percentile
            rows between unbounded preceding and current row
        ) as customer_count,
        {% for measure in measures %}
            cast(
                sum(coalesce({{ measure }}_sums.amount, 0)) over (
                    order by all_percentiles.percentile
                    rows between unbounded preceding and current row
                ) as {{ type_double() }}
            ) as cumulative_{{ measure }}{{ "," if not loop.last }}
        {% endfor %}
    from all_percentiles
    left join value_sums on all_percentiles.percentile = value_sums.percentile
    left join revenue_sums on all_percentiles.percentile = revenue_sums.percentile

),

shares as (

    select
        cumulated.percentile,
        cumulated.customer_count,
        cumulated.cumulative_value / nullif(totals.value_total, 0)
            as cumulative_value_share,
        cumulated.cumulative_revenue / nullif(totals.revenue_total, 0)
            as cumulative_revenue_share,
        totals.value_gini,
        totals.revenue_gini
    from cumulated
    cross join totals

),

value_concentration as (

    select
        ---------- numerics
        cast(percentile as {{ dbt.type_int() }}) as percentile,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(cumulative_value_share as {{ type_double() }}) as cumulative_value_share,
        cast(cumulative_revenue_share as {{ type_double() }})
            as cumulative_revenue_share,
        cast(value_gini as {{ type_double() }}) as value_gini,
        cast(revenue_gini as {{ type_double() }}) as revenue_gini,
        cast(
            max(case when percentile = 20 then cumulative_value_share end) over ()
            as {{ type_double() }}
        ) as value_share_of_top_fifth,
        cast(
            max(case when percentile = 20 then cumulative_revenue_share end) over ()
            as {{ type_double() }}
        ) as revenue_share_of_top_fifth
    from shares

)

select * from value_concentration
