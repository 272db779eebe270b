{# The CTE `rule_set`: one row with the md5 of the rules of the seed trial_rules that are in force, of
   what decides a segment and not of the sentences about it. #}
{% macro trial_rule_set() -%}
ordered_rules as (

    select
        concat(
            -- As many digits for every rule, so that the texts are in their order.
            cast(
                1000000 + row_number() over (
                    order by cast(rule_order as {{ dbt.type_int() }})
                ) as {{ dbt.type_string() }}
            ),
            '|', trim(segment)
            {%- for number in [1, 2] %},
                '|', trim(coalesce(metric_{{ number }}, '')),
                '|', trim(coalesce(operator_{{ number }}, '')),
                '|', trim(coalesce(value_{{ number }}, ''))
            {%- endfor %}
        ) as rule_text
    from {{ ref("customer_value__trial_rules") }}

),

rule_set as (

    select {{ dbt.hash(ordered_list("rule_text", ";")) }} as rule_set_hash
    from ordered_rules

)
{%- endmacro %}
