with

customers as (

    select
        customer_id,
        cluster_id,
        cluster_name,
        value_tier,
        recommended_action,
        action_priority,
        net_revenue,
        lifetime_value_365d,
        override_reason
    from {{ ref("customer_value__customers") }}

),

playbook_actions as (

    select
        segment,
        value_tier,
        cluster_name,
        action,
        goal,
        channel,
        offer,
        message,
        priority
    from {{ ref("int_customer_value__playbook_actions") }}

),

value_tiers as (

    select
        value_tier,
        tier_order
    from {{ ref("customer_value__value_tiers") }}

),

actions_by_cell as (

    select
        cluster_id,
        cluster_name,
        value_tier,
        recommended_action,
        action_priority,
        count(*) as customer_count,
        count(override_reason) as overridden_customer_count,
        sum(net_revenue) as net_revenue,
        sum(cast(lifetime_value_365d as {{ type_money() }})) as lifetime_value_365d
    from customers
    group by
        cluster_id,
        cluster_name,
        value_tier,
        recommended_action,
        action_priority

),

numbered_actions as (

    select
        *,
        {{ action_place("cluster_id, value_tier") }} as action_place,
        sum(customer_count) over (partition by cluster_id, value_tier)
            as cell_customer_count
    from actions_by_cell

),

cells as (

    select
        cluster_id,
        cluster_name,
        value_tier,
        sum(customer_count) as customer_count,
        sum(overridden_customer_count) as overridden_customer_count,
        sum(net_revenue) as net_revenue,
        sum(lifetime_value_365d) as lifetime_value_365d,
        count(*) as action_count,
        max(case when action_place = 1 then recommended_action end)
            as recommended_action,
        max(case when action_place = 1 then action_priority end) as action_priority,
        -- In words, the three most frequent actions and a rest.
        {% for place in [1, 2, 3] %}
            max(
                case
                    when action_place = {{ place }}
                        then
                            concat(
                                recommended_action,
                                ' ',
                                {{ number_text(
                                    "100.0 * customer_count / cell_customer_count", 0
                                ) }},
                                ' %'
                            )
                end
            ) as action_{{ place }},
        {% endfor %}
        sum(case when action_place > 3 then customer_count else 0 end)
            as other_customer_count,
        max(
            case
                when action_place = 1
                    then
                        cast(customer_count as {{ type_double() }})
                        / cell_customer_count
            end
        ) as action_customer_share
    from numbered_actions
    group by cluster_id, cluster_name, value_tier

),

-- Several rules may have one action; where their details differ, the first rule counts.
numbered_details as (

    select
        action,
        priority,
        goal,
        channel,
        offer,
        message,
        row_number() over (
            partition by action, priority
            order by segment, value_tier, cluster_name
        ) as rule_place
    from playbook_actions

),

with_words as (

    select
        *,
        concat(
            action_1,
            case when action_2 is not null then concat(', ', action_2) else '' end,
            case when action_3 is not null then concat(', ', action_3) else '' end,
            case
                when other_customer_count > 0
                    then
                        concat(
                            ', others ',
                            {{ number_text(
                                "100.0 * other_customer_count / customer_count", 0
                            ) }},
                            ' %'
                        )
                else ''
            end
        ) as actions
    from cells

),

ranked as (

    select
        with_words.*,
        numbered_details.goal,
        numbered_details.channel,
        numbered_details.offer,
        numbered_details.message,
        value_tiers.tier_order,
        rank() over (order by with_words.net_revenue desc) as revenue_rank,
        rank() over (order by with_words.lifetime_value_365d desc) as value_rank
    from with_words
    left join value_tiers on with_words.value_tier = value_tiers.value_tier
    left join numbered_details
        on
            with_words.recommended_action = numbered_details.action
            and with_words.action_priority = numbered_details.priority
            and numbered_details.rule_place = 1

),

priority_matrix as (

    select
        ---------- ids
        cast(cluster_id as {{ dbt.type_int() }}) as cluster_id,

        ---------- strings
        cast(cluster_name as {{ dbt.type_string() }}) as cluster_name,
        cast(value_tier as {{ dbt.type_string() }}) as value_tier,
        cast(
            case
                when value_rank > revenue_rank then 'high spend, low future'
                when value_rank < revenue_rank then 'low spend, high future'
                else 'in step'
            end as {{ dbt.type_string() }}
        ) as gap,
        cast(recommended_action as {{ dbt.type_string() }}) as recommended_action,
        cast(actions as {{ dbt.type_string() }}) as actions,
        cast(goal as {{ dbt.type_string() }}) as goal,
        cast(channel as {{ dbt.type_string() }}) as channel,
        cast(offer as {{ dbt.type_string() }}) as offer,
        cast(message as {{ dbt.type_string() }}) as message,

        ---------- numerics
        cast(tier_order as {{ dbt.type_int() }}) as tier_order,
        cast(customer_count as {{ dbt.type_bigint() }}) as customer_count,
        cast(overridden_customer_count as {{ dbt.type_bigint() }})
            as overridden_customer_count,
        cast(net_revenue as {{ type_money() }}) as net_revenue,
        cast(lifetime_value_365d as {{ type_money() }}) as lifetime_value_365d,
        cast(revenue_rank as {{ dbt.type_int() }}) as revenue_rank,
        cast(value_rank as {{ dbt.type_int() }}) as value_rank,
        cast(value_rank - revenue_rank as {{ dbt.type_int() }}) as rank_gap,
        cast(action_priority as {{ dbt.type_int() }}) as action_priority,
        cast(action_count as {{ dbt.type_int() }}) as action_count,
        cast(action_customer_share as {{ type_double() }}) as action_customer_share,
        cast(
            row_number() over (
                order by
                    action_priority asc,
                    lifetime_value_365d desc,
                    cluster_id asc,
                    tier_order asc
            ) as {{ dbt.type_int() }}
        ) as attack_order
    from ranked

)

select * from priority_matrix
