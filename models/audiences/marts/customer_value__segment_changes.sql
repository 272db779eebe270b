{%- set metrics = {
    "recency_days": "r_score", "order_count": "f_score", "net_revenue": "m_score"
} -%}
{%- set ranks = var("rfm_scoring") == "ntile" -%}
with

legend as (

    select
        r_score,
        f_score,
        m_score,
        segment
    from {{ ref("customer_value__rfm_legend") }}

),

-- Each grouping reads the customers anew, and of them those alone who moved: their rows
-- are more than an engine keeps between two steps.
changes as (
    {% for grouping, column in {
        "segment": "segment", "value_tier": "value_tier", "cluster": "cluster_name"
    }.items() %}
        select
            '{{ grouping }}' as grouping_name,
            customer_id,
            previous_{{ column }} as from_group,
            {{ column }} as to_group,
            {{ value_band("lifetime_value_365d") }} as value_band,
            recency_days,
            order_count,
            net_revenue,
            previous_net_revenue,
            previous_as_of_date as from_date,
            as_of_date as to_date
        from {{ ref("int_customer_value__customer_groups") }}
        where {{ column }} != previous_{{ column }}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- Where the scores began on each date. The textbook's split has no such values: that of
-- the lowest customer with the score stands in.
boundaries as (
    {% if ranks %}
        select
            {% for metric, score in metrics.items() -%}
                {%- set reached = "<=" if metric == "recency_days" else ">=" -%}
                {%- for step in range(1, 6) -%}
                    min(
                        case when {{ score }} {{ reached }} {{ step }} then {{ metric }} end
                    ) as {{ metric }}_from_{{ step }},
                {% endfor -%}
            {%- endfor -%}
            as_of_date as boundary_date
        from {{ ref("int_customer_value__customer_scores") }}
        group by as_of_date
    {% else %}
        select
            as_of_date as boundary_date,
            {{ score_boundary_columns() }}
        from {{ ref("int_customer_value__score_boundaries") }}
    {% endif %}
),

-- The lowest value of each tier on each date.
tier_boundaries as (

    select
        as_of_date as boundary_date,
    {% for tier in ["VIP", "High", "Medium"] -%}
        min(
            case
                when value_tier = '{{ tier }}'
                    then {{ value_band("lifetime_value_365d") }}
            end
        ) as {{ tier | lower }}_from_band
        {{- "," if not loop.last }}
    {% endfor %}
    from {{ ref("int_customer_value__customer_groups") }}
    group by as_of_date

),

measured as (

    select
        changes.*,
        {{ has_bought_since(
            "changes.recency_days", "changes.from_date", "changes.to_date"
        ) }} as has_purchase,
        tier_boundaries.vip_from_band,
        tier_boundaries.high_from_band,
        tier_boundaries.medium_from_band,
        boundaries.*
    from changes
    left join boundaries on changes.from_date = boundaries.boundary_date
    left join tier_boundaries on changes.from_date = tier_boundaries.boundary_date

),

-- Today's values with the boundaries of the previous date.
rescored as (

    select
        *,
        {{ rfm_score("recency_days", "desc", from_boundaries=true) }} as own_r_score,
        {{ rfm_score("order_count", "asc", from_boundaries=true) }} as own_f_score,
        {{ rfm_score("net_revenue", "asc", from_boundaries=true) }} as own_m_score,
        case
            when value_band = {{ value_band("0") }} then 'Low'
            when value_band >= vip_from_band then 'VIP'
            when value_band >= high_from_band then 'High'
            when value_band >= medium_from_band then 'Medium'
            else 'Low'
        end as own_value_tier
    from measured

),

with_own_group as (

    select
        rescored.*,
        case rescored.grouping_name
            when 'segment' then legend.segment
            when 'value_tier' then rescored.own_value_tier
            -- The centres are today's on every date, so that nobody else moves them.
            else rescored.to_group
        end as own_group
    from rescored
    left join legend
        on
            rescored.own_r_score = legend.r_score
            and rescored.own_f_score = legend.f_score
            and rescored.own_m_score = legend.m_score

),

segment_changes as (

    select
        ---------- ids
        cast(
            {{ dbt.hash(
                "concat(grouping_name, '|', cast(to_date as " ~ dbt.type_string()
                ~ "), '|', to_group, '|', customer_id)"
            ) }} as {{ dbt.type_string() }}
        ) as change_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,

        ---------- strings
        cast(grouping_name as {{ dbt.type_string() }}) as grouping_name,
        cast(from_group as {{ dbt.type_string() }}) as from_group,
        cast(to_group as {{ dbt.type_string() }}) as to_group,
        cast(
            case
                when has_purchase then 'purchase'
                when net_revenue != previous_net_revenue then 'return'
                when own_group = from_group then 'others_moved'
                else 'ageing'
            end as {{ dbt.type_string() }}
        ) as caused_by,

        ---------- dates
        cast(from_date as date) as from_date,
        cast(to_date as date) as to_date
    from with_own_group

)

select * from segment_changes
