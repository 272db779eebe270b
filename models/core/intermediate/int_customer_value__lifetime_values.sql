{%- set has_learned_values = var("value_model") != "probabilistic" and is_on("validation") %}
with

customer_values as (

    select
        customer_id,
        rfm_code,
        segment,
        r_score,
        f_score,
        m_score,
        order_count,
        purchase_day_count,
        repeat_count,
        net_revenue,
        mean_repeat_value,
        average_order_value,
        recency_days,
        last_purchase_age_days,
        customer_age_days,
        mean_days_between_purchases,
        days_between_purchases_cv,
        probability_alive,
        probability_active_90d,
        expected_purchases_90d,
        expected_purchases_365d,
        expected_purchase_value,
        lifetime_value_365d,
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_values") }}
    where is_current

),
{% if has_learned_values %}
    learned_values as (

        select
            customer_id,
            model,
            value
        from {{ ref("fit_customer_value__value_learners") }}
        where as_of_role = 'current' and part = 'forecast'

    ),
{% endif %}
lifetime_values as (

    select
        ---------- ids
        customer_values.customer_id,

        ---------- strings
        customer_values.rfm_code,
        customer_values.segment,
        {% if has_learned_values -%}
            coalesce(learned_values.model, 'probabilistic') as value_model,
        {%- else -%}
            'probabilistic' as value_model,
        {%- endif %}

        ---------- numerics
        customer_values.r_score,
        customer_values.f_score,
        customer_values.m_score,
        customer_values.order_count,
        customer_values.purchase_day_count,
        customer_values.repeat_count,
        customer_values.net_revenue,
        customer_values.mean_repeat_value,
        customer_values.average_order_value,
        customer_values.recency_days,
        customer_values.last_purchase_age_days,
        customer_values.customer_age_days,
        customer_values.mean_days_between_purchases,
        customer_values.days_between_purchases_cv,
        customer_values.probability_alive,
        customer_values.probability_active_90d,
        customer_values.expected_purchases_90d,
        customer_values.expected_purchases_365d,
        customer_values.expected_purchase_value,
        {% if has_learned_values -%}
            coalesce(learned_values.value, customer_values.lifetime_value_365d)
                as lifetime_value_365d,
        {%- else -%}
            customer_values.lifetime_value_365d,
        {%- endif %}

        ---------- dates
        customer_values.as_of_date,
        customer_values.first_purchase_date,
        customer_values.last_purchase_date
    from customer_values
    {% if has_learned_values -%}
        left join learned_values
            on customer_values.customer_id = learned_values.customer_id
    {%- endif %}

)

select * from lifetime_values
