with

customers_scored as (

    select *
    from {{ ref("int_customer_value__customer_scores") }}
    where is_current or is_calibration

),

-- Customers are joined to what they need by a flag, which costs less than a text.
purchase_parameters as (

    select
        as_of_role = 'current' as is_for_current,
        {{ purchase_parameter_columns() }}
    from {{ ref("fit_customer_value__purchase_models") }}
    where model = '{{ var("purchase_model") }}'
    group by as_of_role

),

spend_parameters as (

    select
        as_of_role = 'current' as is_for_current,
        {{ spend_parameter_columns() }}
    from {{ ref("fit_customer_value__spend_model") }}
    group by as_of_role

),

expected_purchases as (

    select
        as_of_role = 'current' as is_for_current,
        repeat_count,
        customer_age_days,
        active_if_alive_90d,
        purchases_if_alive_90d,
        purchases_if_alive_365d,
        discounted_purchases_if_alive_365d
    from {{ ref("score_customer_value__expected_purchases") }}
    where model = '{{ var("purchase_model") }}'

),
{% if var("purchase_model") == "pareto_nbd" %}
    alive_lookup as (

        select
            as_of_role = 'current' as is_for_current,
            repeat_count,
            last_purchase_age_days,
            customer_age_days,
            probability_alive as pareto_nbd_probability_alive
        from {{ ref("score_customer_value__probability_alive") }}
        where model = '{{ var("purchase_model") }}'

    ),
{% endif %}
with_parameters as (

    select
        customers_scored.*,
        case
            when customers_scored.is_current then 'current' else 'calibration'
        end as as_of_role,
        expected_purchases.active_if_alive_90d,
        expected_purchases.purchases_if_alive_90d,
        expected_purchases.purchases_if_alive_365d,
        expected_purchases.discounted_purchases_if_alive_365d,
        {% if var("purchase_model") == "pareto_nbd" -%}
            alive_lookup.pareto_nbd_probability_alive,
        {%- else -%}
            cast(null as {{ type_double() }}) as pareto_nbd_probability_alive,
        {%- endif %}
        '{{ var("purchase_model") }}' as model,
        purchase_parameters.r,
        purchase_parameters.alpha,
        purchase_parameters.a,
        purchase_parameters.b,
        purchase_parameters.dropout,
        spend_parameters.p,
        spend_parameters.q,
        spend_parameters.v,
        spend_parameters.mean_purchase_value
    from customers_scored
    left join expected_purchases
        on
            customers_scored.repeat_count = expected_purchases.repeat_count
            and customers_scored.customer_age_days
            = expected_purchases.customer_age_days
            and customers_scored.is_current = expected_purchases.is_for_current
    {% if var("purchase_model") == "pareto_nbd" -%}
        left join alive_lookup
            on
                customers_scored.is_current = alive_lookup.is_for_current
                and customers_scored.repeat_count = alive_lookup.repeat_count
                and customers_scored.last_purchase_age_days
                = alive_lookup.last_purchase_age_days
                and customers_scored.customer_age_days = alive_lookup.customer_age_days
    {%- endif %}
    left join purchase_parameters
        on customers_scored.is_current = purchase_parameters.is_for_current
    left join spend_parameters
        on customers_scored.is_current = spend_parameters.is_for_current

),

alive as (

    select
        *,
        {{ probability_alive() }} as probability_alive,
        {{ expected_purchase_value() }} as expected_purchase_value
    from with_parameters

),

valued as (

    select
        *,
        probability_alive * active_if_alive_90d as probability_active_90d,
        probability_alive * purchases_if_alive_90d as expected_purchases_90d,
        probability_alive * purchases_if_alive_365d as expected_purchases_365d,
        probability_alive
        * discounted_purchases_if_alive_365d
        * expected_purchase_value
        * {{ var("gross_margin") }} as lifetime_value_365d
    from alive

),

values_by_customer as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        as_of_role,
        rfm_code,
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
        probability_alive,
        probability_active_90d,
        expected_purchases_90d,
        expected_purchases_365d,
        expected_purchase_value,
        lifetime_value_365d,

        ---------- booleans
        is_current,
        is_calibration,

        ---------- dates
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from valued

)

select * from values_by_customer
