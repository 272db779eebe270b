{%- set movements = [
    "new", "expansion", "contraction", "churn", "reactivation"
] %}
with

recurring_revenue_months as (

    select
        movement,
        opening_mrr,
        {% for movement in movements -%}
            {{ movement }}_mrr,
        {% endfor -%}
        closing_mrr,
        month_start_date
    from {{ ref("customer_value__recurring_revenue_months") }}

),

months as (

    select
        is_complete,
        month_start_date
    from {{ ref("int_customer_value__subscription_months") }}

),

sums as (

    select
        month_start_date,
        count(case when opening_mrr > 0 then 1 end) as opening_customer_count,
        {% for movement in movements -%}
            count(case when movement = '{{ movement }}' then 1 end)
                as {{ movement }}_customer_count,
            sum({{ movement }}_mrr) as {{ movement }}_mrr,
        {% endfor -%}
        count(case when closing_mrr > 0 then 1 end) as closing_customer_count,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr
    from recurring_revenue_months
    group by month_start_date

),

-- A month in which nobody pays has zeros.
recurring_revenue_movements as (

    select
        ---------- numerics
        {% for name in ["opening"] + movements + ["closing"] -%}
            cast(
                coalesce(sums.{{ name }}_customer_count, 0)
                as {{ dbt.type_bigint() }}
            ) as {{ name }}_customer_count,
        {% endfor -%}
        {% for name in ["opening"] + movements + ["closing"] -%}
            cast(coalesce(sums.{{ name }}_mrr, 0) as {{ type_money() }})
                as {{ name }}_mrr,
        {% endfor %}
        ---------- booleans
        months.is_complete,

        ---------- dates
        cast(months.month_start_date as date) as month_start_date
    from months
    left join sums on months.month_start_date = sums.month_start_date

)

select * from recurring_revenue_movements
