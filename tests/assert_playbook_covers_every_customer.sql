-- Each combination of segment, value tier and cluster has an action.
select
    concat(
        'The seed action_playbook has no action for customers of the segment ',
        segment,
        ' in the value tier ',
        value_tier,
        ': add a row for them, or one with * for any.'
    ) as sentence
from {{ ref("int_customer_value__playbook_actions") }}
where action is null
