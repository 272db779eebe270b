{{ config(enabled=is_on("events")) }}
{% call where_built() %}
-- Every point of a grid, with and without thresholds, has exactly one rule.
with

days as (

    {{ whole_numbers(16) }}

),

levels as (

    {{ whole_numbers(4) }}

),

shares as (

    select cast(whole_number as {{ type_double() }}) / 5 as share
    from ({{ whole_numbers(6) }}) as fifths

),

points as (

    select
        days.whole_number as trial_day,
        away.whole_number as days_since_last_active,
        actions.whole_number as core_actions,
        active.share as active_share,
        breadth.share as feature_breadth,
        threshold.whole_number as threshold
    from days
    cross join levels as away
    cross join levels as actions
    cross join shares as active
    cross join shares as breadth
    cross join levels as threshold
    where threshold.whole_number < 3

),

states as (

    select
        row_number() over (
            order by
                trial_day,
                days_since_last_active,
                core_actions,
                active_share,
                feature_breadth,
                threshold
        ) as customer_id,
        trial_day,
        floor(active_share * (trial_day + 1)) as active_days,
        active_share,
        core_actions,
        feature_breadth,
        days_since_last_active,
        0 as support_contacts,
        cast(1 as {{ type_double() }}) as active_days_p75,
        cast(0.5 as {{ type_double() }}) as active_share_p75,
        cast(threshold as {{ type_double() }}) as core_actions_p75,
        cast(threshold as {{ type_double() }}) / 5 as feature_breadth_p75,
        cast(2 as {{ type_double() }}) as days_since_last_active_p75,
        cast(0 as {{ type_double() }}) as support_contacts_p75
    from points

),

{{ trial_segmented() }},

counted as (

    select
        states.customer_id,
        count(segmented.segment) as segment_count
    from states
    left join segmented on states.customer_id = segmented.customer_id
    group by states.customer_id

)

select
    concat(
        'The seed trial_rules gives no segment to some trials: its last rule must ',
        'have no condition, so that it holds for everybody.'
    ) as sentence
from counted
where segment_count != 1
having count(*) > 0
union all
select
    concat(
        'The last rule of the seed trial_rules has a condition: it must have none, ',
        'so that it holds for everybody.'
    ) as sentence
from trial_rules
where
    metric_1 is not null
    and rule_order = (select max(last_rule.rule_order) from trial_rules as last_rule)
{% endcall %}
