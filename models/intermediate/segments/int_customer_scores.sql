with

snapshots as (

    select
        customer_id,
        order_count,
        purchase_day_count,
        repeat_count,
        paid_repeat_count,
        net_revenue,
        mean_repeat_value,
        average_order_value,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        mean_days_between_purchases,
        days_between_purchases_cv,
        is_current,
        is_calibration,
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_snapshots") }}

),

legend as (

    select
        r_score,
        f_score,
        m_score,
        segment
    from {{ ref("rfm_legend") }}

),

boundaries as (

    select
        as_of_date as boundary_date,
        {{ score_boundary_columns() }}
    from {{ ref("int_score_boundaries") }}

),

measured as (

    select
        snapshots.*,
        boundaries.*
    from snapshots
    left join boundaries on snapshots.as_of_date = boundaries.boundary_date

),

scored as (

    select
        *,
        {{ rfm_score("recency_days", "desc") }} as r_score,
        {{ rfm_score("order_count", "asc") }} as f_score,
        {{ rfm_score("net_revenue", "asc") }} as m_score
    from measured

),

segmented as (

    select
        ---------- ids
        scored.customer_id,

        ---------- strings
        concat(
            cast(scored.r_score as {{ dbt.type_string() }}),
            cast(scored.f_score as {{ dbt.type_string() }}),
            cast(scored.m_score as {{ dbt.type_string() }})
        ) as rfm_code,
        legend.segment,

        ---------- numerics
        scored.r_score,
        scored.f_score,
        scored.m_score,
        scored.order_count,
        scored.purchase_day_count,
        scored.repeat_count,
        scored.paid_repeat_count,
        scored.net_revenue,
        scored.mean_repeat_value,
        scored.average_order_value,
        scored.recency_days,
        scored.last_purchase_age_days,
        scored.customer_age_days,
        scored.mean_days_between_purchases,
        scored.days_between_purchases_cv,

        ---------- booleans
        scored.is_current,
        scored.is_calibration,

        ---------- dates
        scored.as_of_date,
        scored.first_purchase_date,
        scored.last_purchase_date
    from scored
    left join legend
        on
            scored.r_score = legend.r_score
            and scored.f_score = legend.f_score
            and scored.m_score = legend.m_score

)

select * from segmented
