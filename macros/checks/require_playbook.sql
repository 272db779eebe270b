{# Stops where the playbook has rules for nobody, or somebody has no rule. #}
{% macro require_playbook() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set tiers = customer_value.value_tiers() -%}
    {%- set query -%}
        {{ unknown_segment_sentences("action_playbook") }}
        union all
        {{ unknown_value_sentences(
            "action_playbook", "value_tier", "'" ~ tiers | join("', '") ~ "'", "value tier",
            "the tiers are " ~ tiers | join(", ") ~ ", and * for any."
        ) }}
        union all
        {{ unknown_value_sentences(
            "action_playbook", "cluster_name",
            "select cluster_name from " ~ ref("customer_value__cluster_labels"), "cluster",
            "take one of the seed cluster_labels, or * for any."
        ) }}
        union all
        select
            concat(
                'The seed action_playbook has more than one row for the segment ',
                {{ any_if_empty("segment") }}, ', the value tier ',
                {{ any_if_empty("value_tier") }}, ' and the cluster ',
                {{ any_if_empty("cluster_name") }}, ': keep one.'
            ) as sentence
        from {{ ref("customer_value__action_playbook") }}
        group by
            {{ any_if_empty("segment") }},
            {{ any_if_empty("value_tier") }},
            {{ any_if_empty("cluster_name") }}
        having count(*) > 1
        union all
        select
            concat(
                'The seed action_playbook has a row without an action, or without ',
                'a priority of at least 1, for the segment ', {{ any_if_empty("segment") }}, ': fill it in.'
            ) as sentence
        from {{ ref("customer_value__action_playbook") }}
        where nullif(trim(action), '') is null or coalesce(priority, 0) < 1
        union all
        select
            concat(
                'The seed action_playbook has no action for customers of the segment ',
                segment, ' in the value tier ', value_tier,
                ': add a row for them, or one with * for any.'
            ) as sentence
        from {{ this }}
        where action is null
    {%- endset -%}
    {{- customer_value.stop_with_sentence(query) -}}
{% endmacro %}
