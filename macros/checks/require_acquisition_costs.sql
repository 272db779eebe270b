{# Stops where a cost of acquisition cannot be, or cannot be placed. #}
{% macro require_acquisition_costs() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set key = "concat(coalesce(grouping_name, 'no grouping'), ' ', "
        ~ customer_value.any_if_empty("group_name") ~ ")" -%}
    {%- set query -%}
        {{ repeated_row_sentences("acquisition_costs", key) }}
        union all
        {{ range_sentences("acquisition_costs", key, "cost", 0, none, "0 or more") }}
        union all
        select
            concat(
                'The seed acquisition_costs has a row for ', {{ key }},
                ': grouping_name must be cohort or channel, and a cohort a month YYYY-MM or *.'
            ) as sentence
        from {{ ref("customer_value__acquisition_costs") }}
        where
            coalesce(grouping_name, '') not in ('cohort', 'channel')
            or (
                grouping_name = 'cohort'
                and {{ any_if_empty("group_name") }} != '*'
                and not {{ regexp_matches("trim(group_name)", "^[0-9]{4}-[0-9]{2}$") }}
            )
        union all
        select
            concat(
                'The seed acquisition_costs has cost_basis ', coalesce(cost_basis, 'empty'),
                ' for ', {{ key }}, ': it must be per_customer or total, and with * per_customer.'
            ) as sentence
        from {{ ref("customer_value__acquisition_costs") }}
        where
            coalesce(cost_basis, '') not in ('per_customer', 'total')
            or (cost_basis = 'total' and {{ any_if_empty("group_name") }} = '*')
        union all
        select
            concat(
                'The attribute acquisition_cost of customer ', customer_id, ' is ',
                attribute_value, ': it must be a number of 0 or more, or empty.'
            ) as sentence
        from {{ ref("int_customer_value__customer_attributes") }}
        where
            attribute = 'acquisition_cost'
            and attribute_value is not null
            and coalesce({{ parse_number("attribute_value", type_money()) }}, -1) < 0
    {%- endset -%}
    {{- customer_value.stop_with_sentence(query) -}}
{% endmacro %}
