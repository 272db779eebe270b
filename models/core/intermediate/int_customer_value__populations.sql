with

snapshots as (

    select
        purchase_day_count,
        repeat_count,
        paid_repeat_count,
        net_revenue,
        is_current,
        is_calibration,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current or is_calibration

),

populations as (

    select
        ---------- strings
        case when is_current then 'current' else 'calibration' end as as_of_role,

        ---------- numerics
        count(*) as customer_count,
        sum(case when repeat_count > 0 then 1 else 0 end) as repeat_customer_count,
        -- What the spend model falls back to where nobody paid for a second purchase.
        cast(sum(net_revenue) as {{ type_double() }})
        / sum(purchase_day_count) as revenue_per_purchase_day,

        ---------- booleans
        -- The models are held against each other on the past; today's scores need but
        -- the one in use.
        {{ is_on("validation") | string | lower }} as is_compared,

        ---------- dates
        as_of_date
    from snapshots
    group by
        case when is_current then 'current' else 'calibration' end,
        as_of_date

)

select * from populations
