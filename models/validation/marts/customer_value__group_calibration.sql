{%- set groupings = {
    "segment": "segment", "value_tier": "value_tier", "cluster": "cluster_name"
} -%}
with

forecasts as (

    select
        customer_id,
        model,
        probability_active,
        predicted_purchases,
        predicted_revenue,
        actual_purchases,
        cast(actual_revenue as {{ type_double() }}) as actual_revenue,
        is_active
    from {{ ref("int_customer_value__holdout_forecasts") }}
    where
        forecast_role = 'calibration'
        and model in ('corrected', '{{ var("purchase_model") }}')

),

customer_scores as (

    select
        customer_id,
        segment,
        {% for column in cluster_behaviours() -%}
            {{ column }},
        {% endfor -%}
        order_count,
        net_revenue,
        recency_days
    from {{ ref("int_customer_value__customer_scores") }}
    where is_calibration

),

cluster_names as (

    select
        cluster_id,
        cluster_name
    from {{ ref("int_customer_value__cluster_names") }}

),

-- Customers of the past are measured with today's centroids.
nearest as (

    {{ with_nearest_cluster("customer_scores") }}

),

-- The tier is that of the forecast in use, of the money of the holdout.
banded as (

    select
        customer_id,
        {{ value_band("predicted_revenue") }} as value_band
    from forecasts
    where model = '{{ forecast_in_use() }}'

),

ranked as (

    select
        customer_id,
        value_band,
        rank() over (order by value_band desc) - 1 as customers_worth_more,
        count(*) over () as customer_count
    from banded

),

tiers as (

    select
        customer_id,
        {{ value_tier() }} as value_tier
    from ranked

),

grouped_forecasts as (

    select
        forecasts.*,
        nearest.segment,
        tiers.value_tier,
        coalesce(cluster_names.cluster_name, 'none') as cluster_name
    from forecasts
    inner join nearest on forecasts.customer_id = nearest.customer_id
    inner join tiers on forecasts.customer_id = tiers.customer_id
    left join cluster_names on nearest.cluster_id = cluster_names.cluster_id

),

by_group as (
    {% for grouping, column in groupings.items() %}
        select
            '{{ grouping }}' as grouping_name,
            {{ column }} as group_name,
            model,
            count(*) as customer_count,
            {{ exact_sum("predicted_purchases") }} as predicted_purchases,
            {{ exact_sum("actual_purchases") }} as actual_purchases,
            {{ exact_sum("probability_active") }} as expected_active_customers,
            cast(sum(case when is_active then 1 else 0 end) as {{ type_double() }})
                as actual_active_customers,
            {{ exact_sum("predicted_revenue") }} as predicted_revenue,
            {{ exact_sum("actual_revenue") }} as actual_revenue
        from grouped_forecasts
        group by {{ column }}, model
        {{ "union all" if not loop.last }}
    {% endfor %}
),

totals as (

    select
        grouping_name,
        model,
        {{ exact_sum("predicted_purchases") }} as all_predicted_purchases,
        {{ exact_sum("actual_purchases") }} as all_actual_purchases,
        {{ exact_sum("predicted_revenue") }} as all_predicted_revenue,
        {{ exact_sum("actual_revenue") }} as all_actual_revenue
    from by_group
    group by grouping_name, model

),

with_totals as (

    select
        by_group.*,
        totals.all_predicted_purchases,
        totals.all_actual_purchases,
        totals.all_predicted_revenue,
        totals.all_actual_revenue
    from by_group
    inner join totals
        on
            by_group.grouping_name = totals.grouping_name
            and by_group.model = totals.model

),

group_calibration as (

    select
        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(group_name as {{ dbt.type_string() }}) as group_name,
        cast(model as {{ dbt.type_string() }}) as model,

        ---------- numerics
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        {% for name in [
            "predicted_purchases",
            "actual_purchases",
            "expected_active_customers",
            "actual_active_customers",
        ] -%}
            cast({{ name }} as {{ type_double() }}) as {{ name }},
        {% endfor -%}
        cast(predicted_revenue as {{ type_money() }}) as predicted_revenue,
        cast(actual_revenue as {{ type_money() }}) as actual_revenue,
        cast(
            actual_revenue / nullif(all_actual_revenue, 0) as {{ type_double() }}
        ) as revenue_share,
        {% for measure in ["purchases", "revenue"] -%}
            {% set prefix = "" if measure == "purchases" else "revenue_" -%}
            cast(
                predicted_{{ measure }} / nullif(actual_{{ measure }}, 0) - 1
                as {{ type_double() }}
            ) as {{ prefix }}bias_share,
            -- As if the total had been foreseen: what is left is the group's own.
            cast(
                predicted_{{ measure }}
                * all_actual_{{ measure }}
                / nullif(all_predicted_{{ measure }}, 0)
                / nullif(actual_{{ measure }}, 0) - 1
                as {{ type_double() }}
            ) as {{ prefix }}bias_share_at_level,
        {% endfor %}

        ---------- booleans
        model = '{{ forecast_in_use() }}' as is_selected
    from with_totals

)

select * from group_calibration
