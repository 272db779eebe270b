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
    from {{ ref("int_customer_value__customer_snapshots") }}

),

legend as (

    select
        cast(r_score * 100 + f_score * 10 + m_score as integer) as rfm_number,
        segment
    from {{ ref("customer_value__rfm_legend") }}

),

boundaries as (

    select
        as_of_date as boundary_date,
        {{ score_boundary_columns() }}
    from {{ ref("int_customer_value__score_boundaries") }}

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

-- The three scores as one number of three digits.
numbered as (

    select
        *,
        cast(r_score * 100 + f_score * 10 + m_score as integer) as rfm_number
    from scored

),

segmented as (

    select
        ---------- ids
        numbered.customer_id,

        ---------- strings
        cast(numbered.rfm_number as {{ dbt.type_string() }}) as rfm_code,
        legend.segment,

        ---------- numerics
        numbered.r_score,
        numbered.f_score,
        numbered.m_score,
        numbered.order_count,
        numbered.purchase_day_count,
        numbered.repeat_count,
        numbered.paid_repeat_count,
        numbered.net_revenue,
        numbered.mean_repeat_value,
        numbered.average_order_value,
        numbered.recency_days,
        numbered.last_purchase_age_days,
        numbered.customer_age_days,
        numbered.mean_days_between_purchases,
        numbered.days_between_purchases_cv,

        ---------- booleans
        numbered.is_current,
        numbered.is_calibration,

        ---------- dates
        numbered.as_of_date,
        numbered.first_purchase_date,
        numbered.last_purchase_date
    from numbered
    left join legend on numbered.rfm_number = legend.rfm_number

)

select * from segmented
