{{ config(materialized="table") }}

with

playbook as (

    select
        {{ any_if_empty("segment") }} as rule_segment,
        {{ any_if_empty("value_tier") }} as rule_value_tier,
        {{ any_if_empty("cluster_name") }} as rule_cluster_name,
        action,
        goal,
        channel,
        offer,
        priority,
        message
    from {{ ref("customer_value__action_playbook") }}

),

segments as (

    select
        segment,
        is_at_risk
    from {{ ref("customer_value__segments") }}

),

cluster_labels as (

    select cluster_name
    from {{ ref("customer_value__cluster_labels") }}

),

value_tiers as (

    select value_tier
    from {{ ref("customer_value__value_tiers") }}

),

-- Only the clusters that some rule names; namesakes share the label, and so the rule.
clusters as (

    select '*' as cluster_name
    union
    select cluster_labels.cluster_name
    from cluster_labels
    inner join playbook on cluster_labels.cluster_name = playbook.rule_cluster_name

),

combinations as (

    select
        segments.segment,
        segments.is_at_risk,
        value_tiers.value_tier,
        clusters.cluster_name
    from segments
    cross join value_tiers
    cross join clusters

),

-- The rule with the most conditions counts; of several with equally many, the one with
-- the segment goes first, then the one with the tier.
fitting as (

    select
        combinations.segment,
        combinations.value_tier,
        combinations.cluster_name,
        combinations.is_at_risk,
        playbook.action,
        playbook.goal,
        playbook.channel,
        playbook.offer,
        playbook.priority,
        playbook.message,
        row_number() over (
            partition by
                combinations.segment,
                combinations.value_tier,
                combinations.cluster_name
            order by
                case when playbook.rule_segment = '*' then 0 else 12 end
                + case when playbook.rule_value_tier = '*' then 0 else 10 end
                + case when playbook.rule_cluster_name = '*' then 0 else 9 end desc,
                playbook.action
        ) as place
    from combinations
    left join playbook
        on
            playbook.rule_segment in (combinations.segment, '*')
            and playbook.rule_value_tier in (combinations.value_tier, '*')
            and playbook.rule_cluster_name in (combinations.cluster_name, '*')

),

actions as (

    select
        ---------- strings
        segment,
        value_tier,
        cluster_name,
        action,
        goal,
        channel,
        offer,
        message,

        ---------- numerics
        priority,

        ---------- booleans
        is_at_risk
    from fitting
    where place = 1

)

select * from actions
