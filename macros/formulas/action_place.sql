{# The place of an action in its group, for a row per group and action with customer_count: a group's
   action is the one that most of its customers have. #}
{% macro action_place(group) -%}
    row_number() over (
        partition by {{ group }}
        order by customer_count desc, action_priority asc, recommended_action asc
    )
{%- endmacro %}
