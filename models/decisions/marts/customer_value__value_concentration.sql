with

customers as (

    select
        customer_id,
        cast(lifetime_value_365d as {{ type_decimal(38, 12) }}) as value_amount,
        -- Who returned more than they bought in this log brought nothing.
        cast(greatest(net_revenue, 0) as {{ type_decimal(38, 12) }}) as revenue_amount
    from {{ ref("customer_value__customers") }}

),

amounts as (

    select
        'value' as measure,
        customer_id,
        value_amount as amount
    from customers
    union all
    select
        'revenue' as measure,
        customer_id,
        revenue_amount as amount
    from customers

),

-- Each measure has its own order of the customers.
positions as (

    select
        measure,
        amount,
        row_number() over (
            partition by measure order by amount desc, customer_id asc
        ) as place,
        count(*) over (partition by measure) as customer_count
    from amounts

),

-- The first percentile whose share of the customers, rounded up, reaches the place.
percentile_sums as (

    select
        measure,
        1 + floor(
            100 * cast(place - 1 as {{ type_double() }}) / customer_count
        ) as percentile,
        count(*) as customer_count,
        sum(amount) as amount,
        sum(amount * (customer_count + 1 - 2 * place)) as weighted_amount
    from positions
    group by
        measure,
        1 + floor(100 * cast(place - 1 as {{ type_double() }}) / customer_count)

),

-- Gini: 0 where all are equal, towards 1 where one has everything.
totals as (

    select
        measure,
        cast(sum(amount) as {{ type_double() }}) as amount,
        cast(sum(weighted_amount) as {{ type_double() }}) / nullif(
            cast(sum(customer_count) as {{ type_double() }})
            * cast(sum(amount) as {{ type_double() }}),
            0
        ) as gini
    from percentile_sums
    group by measure

),

digits as (
    {% for digit in range(10) %}
        select {{ digit }} as digit
        {{ "union all" if not loop.last }}
    {% endfor %}
),

all_percentiles as (

    select
        totals.measure,
        totals.amount,
        totals.gini,
        10 * tens.digit + ones.digit + 1 as percentile
    from totals
    cross join digits as tens
    cross join digits as ones

),

cumulated as (

    select
        all_percentiles.measure,
        all_percentiles.percentile,
        all_percentiles.gini,
        sum(coalesce(percentile_sums.customer_count, 0)) over (
            partition by all_percentiles.measure
            order by all_percentiles.percentile
            rows between unbounded preceding and current row
        ) as customer_count,
        cast(
            sum(coalesce(percentile_sums.amount, 0)) over (
                partition by all_percentiles.measure
                order by all_percentiles.percentile
                rows between unbounded preceding and current row
            ) as {{ type_double() }}
        ) / nullif(all_percentiles.amount, 0) as cumulative_share
    from all_percentiles
    left join percentile_sums
        on
            all_percentiles.measure = percentile_sums.measure
            and all_percentiles.percentile = percentile_sums.percentile

),

side_by_side as (

    select
        percentile,
        max(customer_count) as customer_count,
        max(case when measure = 'value' then cumulative_share end)
            as cumulative_value_share,
        max(case when measure = 'revenue' then cumulative_share end)
            as cumulative_revenue_share,
        max(case when measure = 'value' then gini end) as value_gini,
        max(case when measure = 'revenue' then gini end) as revenue_gini
    from cumulated
    group by percentile

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
    from side_by_side

)

select * from value_concentration
