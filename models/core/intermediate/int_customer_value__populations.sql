with

customer_totals as (

    select
        purchase_day_count,
        net_revenue,
        'current' as as_of_role
    from {{ ref("int_customer_value__customer_totals") }}

),
{% if looks_back() %}
    past_totals as (

        select
            purchase_day_count,
            net_revenue,
            'calibration' as as_of_role
        from {{ ref("int_customer_value__past_totals") }}
        where is_calibration

    ),
{% endif %}
as_of_dates as (

    select
        as_of_role,
        as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}

),

totals as (

    select * from customer_totals
    {% if looks_back() -%}
        union all
        select * from past_totals
    {%- endif %}

),

sums as (

    select
        as_of_role,
        count(*) as customer_count,
        sum(case when purchase_day_count > 1 then 1 else 0 end)
            as repeat_customer_count,
        -- The spend model falls back to it where nobody paid for a second purchase.
        cast(sum(net_revenue) as {{ type_double() }})
        / sum(purchase_day_count) as revenue_per_purchase_day
    from totals
    group by as_of_role

),

populations as (

    select
        ---------- strings
        sums.as_of_role,

        ---------- numerics
        sums.customer_count,
        sums.repeat_customer_count,
        sums.revenue_per_purchase_day,

        ---------- booleans
        {{ is_on("validation") | string | lower }} as is_compared,

        ---------- dates
        as_of_dates.as_of_date
    from sums
    inner join as_of_dates on sums.as_of_role = as_of_dates.as_of_role

)

select * from populations
