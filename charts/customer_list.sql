{#- The customers of the page's list, with what somebody who writes to them needs. Of a large base
    it holds the same share of each segment, those with the highest predicted value. -#}
{#- A score as the page's grid of scores writes it. -#}
{%- macro score(column, lowest, highest) -%}
    case {{ column }}
        when 1 then '1, {{ lowest }}'
        when 5 then '5, {{ highest }}'
        else cast({{ column }} as text)
    end
{%- endmacro -%}
with

segments as (

    select
        segment,
        segment_order
    from {{ ref("customer_value__segment_profile") }}

),

{% if is_built("customer_value__campaign_audience") -%}
    mailings as (

        select
            customer_id,
            case when max(is_held_out) then 'held out' else 'to be written to' end as mailing
        from {{ ref("customer_value__campaign_audience") }}
        group by customer_id

    ),
{%- endif %}

{% if is_built("customer_value__migration") -%}
    last_step as (

        select max(from_date) as previous_date
        from {{ ref("customer_value__migration") }}
        where
            grouping_name = 'segment'
            and to_date = (
                select max(to_date)
                from {{ ref("customer_value__migration") }}
                where grouping_name = 'segment'
            )

    ),
{%- endif %}

{% if is_built("customer_value__model_fits") -%}
    windows as (

        select max(activity_days) as activity_days
        from {{ ref("customer_value__model_fits") }}

    ),
{%- endif %}

{% if is_built("customer_value__propensity_reasons") -%}
    reasons as (

        select
            customer_id,
            {{ because("feature", "effect") }} as reason
        from {{ ref("customer_value__propensity_reasons") }}
        where target = 'purchase' and reason_rank = 1

    ),
{%- endif %}

{% if is_built("customer_value__audience_members") -%}
    audiences as (

        select
            customer_id,
            string_agg(
                upper(left(audience, 1)) || replace(substr(audience, 2), '_', ' '), ', '
                order by audience
            ) as audiences
        from {{ ref("customer_value__audience_members") }}
        where is_sendable
        group by customer_id

    ),
{%- endif %}

listed as (

    select
        customers.*,
        {{ "mailings.mailing" if is_built("customer_value__campaign_audience") else "null" }}
            as mailing,
        {{ "reasons.reason" if is_built("customer_value__propensity_reasons") else "null" }}
            as reason,
        {{ "audiences.audiences" if is_built("customer_value__audience_members") else "null" }}
            as audiences,
        case
            when customers.previous_segment is null then null
            when earlier.segment_order > today.segment_order then 'rose'
            {% if is_built("customer_value__migration") -%}
                -- Whoever came back is put into a worse segment for their few orders.
                when
                    earlier.segment_order < today.segment_order
                    and customers.last_purchase_date > last_step.previous_date
                    then 'lower, but bought'
            {%- endif %}
            when earlier.segment_order < today.segment_order then 'slipped'
            when earlier.segment_order = today.segment_order then 'stayed'
        end as moved,
        {% if is_built("customer_value__model_fits") -%}
            case
                when customers.recency_days <= windows.activity_days
                    then 'in ' || cast(windows.activity_days as text) || ' days'
                else 'before'
            end
        {%- else -%}
            null
        {%- endif %} as active,
        count(*) over () as customer_count,
        count(*) over (partition by customers.segment) as segment_count,
        row_number() over (
            partition by customers.segment
            order by customers.lifetime_value_365d desc, customers.customer_id
        ) as place
    from {{ ref("customer_value__customers") }} as customers
    left join segments as today on customers.segment = today.segment
    left join segments as earlier on customers.previous_segment = earlier.segment
    {%- if is_built("customer_value__migration") %}
        cross join last_step
    {%- endif %}
    {%- if is_built("customer_value__model_fits") %}
        cross join windows
    {%- endif %}
    {%- if is_built("customer_value__campaign_audience") %}
        left join mailings on customers.customer_id = mailings.customer_id
    {%- endif %}
    {%- if is_built("customer_value__audience_members") %}
        left join audiences on customers.customer_id = audiences.customer_id
    {%- endif %}
    {%- if is_built("customer_value__propensity_reasons") %}
        left join reasons on customers.customer_id = reasons.customer_id
    {%- endif %}

)

select
    customer_id as "Customer",
    cast(last_purchase_date as text) as "Last order",
    round(cast(lifetime_value_365d as double), 2) as "Value in a year",
    round(cast(coalesce(purchase_propensity_90d, probability_active_90d) as double), 4)
        as "Chance to buy",
    recommended_action as "Action",
    reason as "Why",
    order_count as "Orders",
    round(cast(net_revenue as double), 2) as "Spend",
    segment as "Segment",
    moved as "Moved",
    value_tier as "Value tier",
    cluster_name as "Cluster",
    mailing as "Next mailing",
    audiences as "Audience",
    previous_segment as "Segment before",
    active as "Active",
    case when is_at_risk then 'yes' else 'no' end as "At risk",
    {{ score("r_score", "longest ago", "latest") }} as "Recency score",
    {{ score("f_score", "seldom", "most often") }} as "Frequency score",
    customer_count
from listed
where place <= ceil(segment_count * least(1, {{ limit }} / cast(customer_count as double)))
order by lifetime_value_365d desc, customer_id
