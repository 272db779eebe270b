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
        r_score as legend_r_score,
        f_score as legend_f_score,
        m_score as legend_m_score,
        segment
    from {{ ref("rfm_legend") }}

),

thresholds as (

    select
        metric,
        score,
        from_value
    from {{ ref("rfm_thresholds") }}

),

thresholds_in_one_row as (

    select
        {% for metric in ["recency_days", "order_count", "net_revenue"] %}
            {% set metric_loop = loop %}
            {% for score in range(1, 6) %}
                max(
                    case
                        when metric = '{{ metric }}' and score = {{ score }}
                            then from_value
                    end
                ) as {{ metric }}_from_{{ score }}
                {{- "," if not (loop.last and metric_loop.last) }}
            {% endfor %}
        {% endfor %}
    from thresholds

),

scored as (

    select
        snapshots.*,
        {{ rfm_score("recency_days", "desc") }} as r_score,
        {{ rfm_score("order_count", "asc") }} as f_score,
        {{ rfm_score("net_revenue", "asc") }} as m_score
    from snapshots
    {% if var("rfm_scoring") == "thresholds" -%}
        cross join thresholds_in_one_row
    {%- endif %}

),

segmented as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        concat(
            cast(r_score as {{ dbt.type_string() }}),
            cast(f_score as {{ dbt.type_string() }}),
            cast(m_score as {{ dbt.type_string() }})
        ) as rfm_code,
        segment,

        ---------- numerics
        r_score,
        f_score,
        m_score,
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

        ---------- booleans
        is_current,
        is_calibration,

        ---------- dates
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from scored
    left join legend
        on
            r_score = legend_r_score
            and f_score = legend_f_score
            and m_score = legend_m_score

)

select * from segmented
