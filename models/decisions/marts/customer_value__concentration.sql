with

customers as (

    select
        customer_id,
        lifetime_value_365d,
        net_revenue
    from {{ ref("customer_value__customers") }}

),

customer_profitability as (

    select
        customer_id,
        profit,
        assumption_row,
        assumption_source
    from {{ ref("customer_value__customer_profitability") }}

),

amounts as (

    select
        'value' as measure,
        customer_id,
        cast(lifetime_value_365d as {{ type_decimal(38, 12) }}) as amount
    from customers
    union all
    -- A customer who returned more than they bought in this log brought nothing.
    select
        'revenue' as measure,
        customer_id,
        cast(greatest(net_revenue, 0) as {{ type_decimal(38, 12) }}) as amount
    from customers
    union all
    select
        'profit' as measure,
        customer_id,
        cast(profit as {{ type_decimal(38, 12) }}) as amount
    from customer_profitability

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
        count(case when amount < 0 then 1 end) as loss_customer_count,
        sum(amount) as amount,
        sum(amount * (customer_count + 1 - 2 * place)) as weighted_amount
    from positions
    group by
        measure,
        1 + floor(100 * cast(place - 1 as {{ type_double() }}) / customer_count)

),

-- Gini: 0 where all are equal, towards 1 where one has everything; it is not defined
-- for amounts below 0, which profits may be.
totals as (

    select
        measure,
        cast(sum(amount) as {{ type_double() }}) as amount,
        case
            when measure != 'profit'
                then
                    cast(sum(weighted_amount) as {{ type_double() }}) / nullif(
                        cast(sum(customer_count) as {{ type_double() }})
                        * cast(sum(amount) as {{ type_double() }}),
                        0
                    )
        end as gini
    from percentile_sums
    group by measure

),

assumptions as (

    select
        'profit' as measure,
        min(assumption_row) as assumption_row,
        min(assumption_source) as assumption_source
    from customer_profitability

),

numbers as (

    {{ whole_numbers(100) }}

),

all_percentiles as (

    select
        totals.measure,
        totals.amount,
        totals.gini,
        numbers.whole_number + 1 as percentile
    from totals
    cross join numbers

),

running_sums as (

    select
        all_percentiles.measure,
        all_percentiles.percentile,
        all_percentiles.gini,
        all_percentiles.amount as total_amount,
        {% for name in ["customer_count", "loss_customer_count", "amount"] %}
            sum(coalesce(percentile_sums.{{ name }}, 0)) over (
                partition by all_percentiles.measure
                order by all_percentiles.percentile
                rows between unbounded preceding and current row
            ) as cumulative_{{ name }},
        {% endfor %}
        coalesce(percentile_sums.amount, 0) as amount
    from all_percentiles
    left join percentile_sums
        on
            all_percentiles.measure = percentile_sums.measure
            and all_percentiles.percentile = percentile_sums.percentile

),

concentration as (

    select
        ---------- strings
        cast(running_sums.measure as {{ dbt.type_string() }}) as measure,
        cast(assumptions.assumption_row as {{ dbt.type_string() }}) as assumption_row,
        cast(assumptions.assumption_source as {{ dbt.type_string() }})
            as assumption_source,

        ---------- numerics
        cast(running_sums.percentile as {{ dbt.type_int() }}) as percentile,
        cast(running_sums.cumulative_customer_count as {{ dbt.type_bigint() }})
            as customer_count,
        cast(running_sums.cumulative_loss_customer_count as {{ dbt.type_bigint() }})
            as loss_customer_count,
        cast(running_sums.amount as {{ type_money() }}) as amount,
        cast(running_sums.cumulative_amount as {{ type_money() }}) as cumulative_amount,
        cast(
            case
                when running_sums.total_amount > 0
                    then
                        cast(running_sums.cumulative_amount as {{ type_double() }})
                        / running_sums.total_amount
            end as {{ type_double() }}
        ) as cumulative_share,
        cast(running_sums.gini as {{ type_double() }}) as gini,

        ---------- booleans
        running_sums.cumulative_amount = max(running_sums.cumulative_amount) over (
            partition by running_sums.measure
        ) as is_peak
    from running_sums
    left join assumptions on running_sums.measure = assumptions.measure

)

select * from concentration
