{{ config(materialized="table") }}

with

playbook as (

    select
        {{ any_if_empty("segment") }} as rule_segment,
        {{ any_if_empty("value_tier") }} as rule_value_tier,
        {{ any_if_empty("cluster_name") }} as rule_cluster_name,
        lower({{ any_if_empty("lapsed") }}) as rule_lapsed,
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
    union all
    select distinct cluster_labels.cluster_name
    from cluster_labels
    inner join playbook on cluster_labels.cluster_name = playbook.rule_cluster_name
    where cluster_labels.cluster_name != '*'

),

states as (

    select 'no' as lapsed
    union all
    select 'yes' as lapsed

),

combinations as (

    select
        segments.segment,
        segments.is_at_risk,
        value_tiers.value_tier,
        clusters.cluster_name,
        states.lapsed
    from segments
    cross join value_tiers
    cross join clusters
    cross join states

),

-- The rule with the most conditions counts; of several with equally many, the one with
-- the segment goes first, then the one about a lapse, then the one with the tier: how
-- long ago somebody bought says more of what to write than what they are worth.
fitting as (

    select
        combinations.segment,
        combinations.value_tier,
        combinations.cluster_name,
        combinations.lapsed,
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
                combinations.cluster_name,
                combinations.lapsed
            order by
                case when playbook.rule_segment = '*' then 0 else 108 end
                + case when playbook.rule_lapsed = '*' then 0 else 104 end
                + case when playbook.rule_value_tier = '*' then 0 else 102 end
                + case when playbook.rule_cluster_name = '*' then 0 else 101 end desc,
                playbook.action
        ) as place
    from combinations
    left join playbook
        on
            playbook.rule_segment in (combinations.segment, '*')
            and playbook.rule_value_tier in (combinations.value_tier, '*')
            and playbook.rule_cluster_name in (combinations.cluster_name, '*')
            and playbook.rule_lapsed in (combinations.lapsed, '*')

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
        lapsed = 'yes' as is_lapsed,
        is_at_risk
    from fitting
    where place = 1

)

select * from actions
