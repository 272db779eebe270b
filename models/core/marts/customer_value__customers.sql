with

customers_scored as (

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
        as_of_date,
        first_purchase_date,
        last_purchase_date
    from {{ ref("int_customer_value__customer_scores") }}
    where is_current

),

customer_totals as (

    select
        customer_id,
        refund_count,
        refunded_amount
    from {{ ref("int_customer_value__customer_totals") }}

),

customer_forecasts as (

    select
        customer_id,
        value_model,
        known_probability_alive as probability_alive,
        probability_active_90d,
        expected_purchases_90d,
        expected_purchases_365d,
        expected_purchases_365d_median,
        days_to_next_purchase_median,
        expected_purchase_value,
        margin_share,
        lifetime_value_365d,
        classical_expected_purchases_365d,
        classical_lifetime_value_365d
    from {{ ref("int_customer_value__customer_forecasts") }}

),

customer_clusters as (

    select
        customer_id,
        cluster_id,
        cluster_label,
        cluster_name
    from {{ ref("int_customer_value__customer_clusters") }}

),

-- What another capability says of customers; where it is off, nothing.
propensities as (

    {% if is_on("propensity") -%}
        select
            customer_id,
            probability
        from {{ ref("int_customer_value__propensity_scores") }}
        where target = 'purchase' and fold = 'current'
    {%- else -%}
        select
            customer_id,
            cast(null as {{ type_double() }}) as probability
        from customer_clusters
        where 1 = 0
    {%- endif %}

),

previous_segments as (

    {% if is_on("history") -%}
        select
            customer_id,
            previous_segment,
            segment_changed_since
        from {{ ref("int_customer_value__previous_segments") }}
    {%- else -%}
        select
            customer_id,
            cast(null as {{ dbt.type_string() }}) as previous_segment,
            cast(null as date) as segment_changed_since
        from customer_clusters
        where 1 = 0
    {%- endif %}

),

value_ranks as (

    select
        value_band,
        value_tier,
        lifetime_value_percentile
    from {{ ref("int_customer_value__value_ranks") }}

),

spend_spread as (

    select
        median_log_spend,
        median_deviation
    from {{ ref("int_customer_value__spend_spread") }}

),

lapse_threshold as (

    select lapse_after_days
    from {{ ref("int_customer_value__lapse_threshold") }}

),

-- What somebody has set by hand, as long as it holds.
overrides as (

    select
        trim(customer_id) as customer_id,
        nullif(trim(value_tier), '') as value_tier,
        nullif(trim(action), '') as override_action,
        reason,
        cast(end_date as date) as end_date
    from {{ ref("customer_value__customer_overrides") }}

),

playbook_actions as (

    select
        segment,
        value_tier,
        cluster_name,
        is_lapsed,
        action,
        priority as action_priority,
        is_at_risk
    from {{ ref("int_customer_value__playbook_actions") }}

),

-- The clusters that some rule names; everybody else has the actions of cluster '*'.
named_clusters as (

    select distinct cluster_name as named_cluster
    from playbook_actions

),

with_statistics as (

    select
        customers_scored.*,
        customer_totals.refund_count,
        customer_totals.refunded_amount,
        customer_forecasts.value_model,
        customer_forecasts.probability_alive,
        customer_forecasts.probability_active_90d,
        customer_forecasts.expected_purchases_90d,
        customer_forecasts.expected_purchases_365d,
        customer_forecasts.expected_purchases_365d_median,
        customer_forecasts.days_to_next_purchase_median,
        customer_forecasts.expected_purchase_value,
        customer_forecasts.margin_share,
        customer_forecasts.lifetime_value_365d,
        customer_forecasts.classical_expected_purchases_365d,
        customer_forecasts.classical_lifetime_value_365d,
        customer_clusters.cluster_id,
        customer_clusters.cluster_name,
        coalesce(named_clusters.named_cluster, '*') as action_cluster,
        previous_segments.previous_segment,
        coalesce(previous_segments.segment_changed_since, customers_scored.as_of_date)
            as segment_changed_since,
        propensities.probability as purchase_propensity_90d,
        coalesce(overrides.value_tier, value_ranks.value_tier) as value_tier,
        overrides.override_action,
        overrides.reason as override_reason,
        overrides.end_date as override_end_date,
        value_ranks.lifetime_value_percentile,
        spend_spread.median_log_spend,
        spend_spread.median_deviation,
        -- Scores compare customers with each other; this does not.
        customers_scored.recency_days > lapse_threshold.lapse_after_days as is_lapsed
    from customers_scored
    left join customer_totals
        on customers_scored.customer_id = customer_totals.customer_id
    left join customer_forecasts
        on customers_scored.customer_id = customer_forecasts.customer_id
    left join customer_clusters
        on customers_scored.customer_id = customer_clusters.customer_id
    left join named_clusters
        on customer_clusters.cluster_label = named_clusters.named_cluster
    left join value_ranks
        on
            {{ value_band("customer_forecasts.lifetime_value_365d") }}
            = value_ranks.value_band
    left join previous_segments
        on customers_scored.customer_id = previous_segments.customer_id
    left join propensities
        on customers_scored.customer_id = propensities.customer_id
    left join overrides
        on
            customers_scored.customer_id = overrides.customer_id
            and customers_scored.as_of_date <= overrides.end_date
    cross join spend_spread
    cross join lapse_threshold

),

with_action as (

    select
        with_statistics.*,
        coalesce(with_statistics.override_action, playbook_actions.action)
            as recommended_action,
        playbook_actions.action_priority,
        playbook_actions.is_at_risk
    from with_statistics
    left join playbook_actions
        on
            with_statistics.segment = playbook_actions.segment
            and with_statistics.value_tier = playbook_actions.value_tier
            and with_statistics.action_cluster = playbook_actions.cluster_name
            and with_statistics.is_lapsed = playbook_actions.is_lapsed

),

customers as (

    select
        ---------- ids
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(cluster_id as {{ dbt.type_int() }}) as cluster_id,

        ---------- strings
        cast(rfm_code as {{ dbt.type_string() }}) as rfm_code,
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(previous_segment as {{ dbt.type_string() }}) as previous_segment,
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        cast(value_tier as {{ dbt.type_string() }}) as value_tier,
        cast(value_model as {{ dbt.type_string() }}) as value_model,
        cast(recommended_action as {{ dbt.type_string() }}) as recommended_action,
        cast(override_reason as {{ dbt.type_string() }}) as override_reason,

        ---------- numerics
        cast(r_score as {{ dbt.type_int() }}) as r_score,
        cast(f_score as {{ dbt.type_int() }}) as f_score,
        cast(m_score as {{ dbt.type_int() }}) as m_score,
        cast(order_count as {{ dbt.type_bigint() }}) as order_count,
        cast(purchase_day_count as {{ dbt.type_bigint() }}) as purchase_day_count,
        cast(repeat_count as {{ dbt.type_bigint() }}) as repeat_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(refund_count as {{ dbt.type_bigint() }}) as refund_count,
        cast(refunded_amount as {{ type_money() }}) as refunded_amount,
        cast(mean_repeat_value as {{ type_double() }}) as mean_repeat_value,
        cast(average_order_value as {{ type_double() }}) as average_order_value,
        cast(recency_days as {{ dbt.type_bigint() }}) as recency_days,
        cast(last_purchase_age_days as {{ dbt.type_bigint() }})
            as last_purchase_age_days,
        cast(customer_age_days as {{ dbt.type_bigint() }}) as customer_age_days,
        cast(mean_days_between_purchases as {{ type_double() }})
            as mean_days_between_purchases,
        cast(days_between_purchases_cv as {{ type_double() }})
            as days_between_purchases_cv,
        cast(probability_alive as {{ type_double() }}) as probability_alive,
        cast(probability_active_90d as {{ type_double() }}) as probability_active_90d,
        cast(purchase_propensity_90d as {{ type_double() }}) as purchase_propensity_90d,
        cast(expected_purchases_90d as {{ type_double() }}) as expected_purchases_90d,
        cast(expected_purchases_365d as {{ type_double() }})
            as expected_purchases_365d,
        cast(expected_purchases_365d_median as {{ dbt.type_int() }})
            as expected_purchases_365d_median,
        cast(days_to_next_purchase_median as {{ dbt.type_bigint() }})
            as days_to_next_purchase_median,
        cast(expected_purchase_value as {{ type_double() }})
            as expected_purchase_value,
        cast(margin_share as {{ type_double() }}) as margin_share,
        cast(lifetime_value_365d as {{ type_double() }}) as lifetime_value_365d,
        cast(lifetime_value_percentile as {{ type_double() }})
            as lifetime_value_percentile,
        cast(classical_expected_purchases_365d as {{ type_double() }})
            as classical_expected_purchases_365d,
        cast(classical_lifetime_value_365d as {{ type_double() }})
            as classical_lifetime_value_365d,
        cast(action_priority as {{ dbt.type_int() }}) as action_priority,

        ---------- booleans
        coalesce(is_at_risk, false) as is_at_risk,
        is_lapsed,
        -- Iglewicz & Hoaglin (1993): a modified z-score beyond 3.5, on the log scale.
        coalesce(
            net_revenue > 0
            and median_deviation > 0
            and 0.6745
            * abs(
                ln(greatest(cast(net_revenue as {{ type_double() }}), 1e-9))
                - median_log_spend
            )
            / nullif(median_deviation, 0) > 3.5,
            false
        ) as is_spend_outlier,

        ---------- dates
        cast(as_of_date as date) as as_of_date,
        cast(first_purchase_date as date) as first_purchase_date,
        cast(last_purchase_date as date) as last_purchase_date,
        cast(override_end_date as date) as override_end_date,
        cast(segment_changed_since as date) as segment_changed_since
    from with_action

)

select * from customers
