with

profits as (

    select
        customer_id,
        profit,
        assumption_row,
        assumption_source
    from {{ ref("customer_value__customer_profitability") }}

),

positions as (

    select
        profit,
        row_number() over (order by profit desc, customer_id asc) as place,
        count(*) over () as customer_count
    from profits

),

-- The first percentile whose share of the customers, rounded up, reaches the place.
percentile_sums as (

    select
        1 + floor(
            100 * cast(place - 1 as {{ type_double() }}) / customer_count
        ) as percentile,
        count(*) as customer_count,
        sum(profit) as profit,
        sum(case when profit < 0 then 1 else 0 end) as loss_customer_count
    from positions
    group by
        1 + floor(100 * cast(place - 1 as {{ type_double() }}) / customer_count)

),

totals as (

    select
        sum(profit) as profit,
        min(assumption_row) as assumption_row,
        min(assumption_source) as assumption_source
    from profits
    having count(*) > 0

),

digits as (
    {% for digit in range(10) %}
        select {{ digit }} as digit
        {{ "union all" if not loop.last }}
    {% endfor %}
),

all_percentiles as (

    select
        totals.profit as total_profit,
        totals.assumption_row,
        totals.assumption_source,
        10 * tens.digit + ones.digit + 1 as percentile
    from totals
    cross join digits as tens
    cross join digits as ones

),

cumulated as (

    select
        all_percentiles.total_profit,
        all_percentiles.assumption_row,
        all_percentiles.assumption_source,
        coalesce(percentile_sums.profit, 0) as profit,
        {% for name in ["customer_count", "profit", "loss_customer_count"] %}
            sum(coalesce(percentile_sums.{{ name }}, 0)) over (
                order by all_percentiles.percentile
                rows between unbounded preceding and current row
            ) as cumulative_{{ name }},
        {% endfor %}
        all_percentiles.percentile
    from all_percentiles
    left join percentile_sums
        on all_percentiles.percentile = percentile_sums.percentile

),

peaks as (

    select max(cumulative_profit) as peak_profit
    from cumulated

),

profit_concentration as (

    select
        ---------- strings
        cast(cumulated.assumption_row as {{ dbt.type_string() }}) as assumption_row,
        cast(cumulated.assumption_source as {{ dbt.type_string() }})
            as assumption_source,

        ---------- numerics
        cast(cumulated.percentile as {{ dbt.type_int() }}) as percentile,
        cast(cumulated.cumulative_customer_count as {{ dbt.type_bigint() }})
            as customer_count,
        cast(cumulated.profit as {{ type_money() }}) as profit,
        cast(cumulated.cumulative_profit as {{ type_money() }}) as cumulative_profit,
        cast(
            case
                when cumulated.total_profit > 0
                    then
                        cast(cumulated.cumulative_profit as {{ type_double() }})
                        / cast(cumulated.total_profit as {{ type_double() }})
            end as {{ type_double() }}
        ) as cumulative_profit_share,
        cast(cumulated.cumulative_loss_customer_count as {{ dbt.type_bigint() }})
            as loss_customer_count,

        ---------- booleans
        cumulated.cumulative_profit = peaks.peak_profit as is_peak
    from cumulated
    cross join peaks

)

select * from profit_concentration
