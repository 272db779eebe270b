{# The CTE `rule_set`: one row with the md5 of the rules of the seed trial_rules that are in force, of
   what decides a segment and not of the sentences about it. #}
{% macro trial_rule_set() -%}
ordered_rules as (

    select
        cast(rule_order as {{ dbt.type_int() }}) as rule_order,
        concat(
            trim(segment)
            {%- for number in [1, 2] %},
                '|', trim(coalesce(metric_{{ number }}, '')),
                '|', trim(coalesce(operator_{{ number }}, '')),
                '|', trim(coalesce(value_{{ number }}, ''))
            {%- endfor %}
        ) as rule_text
    from {{ ref("customer_value__trial_rules") }}

),

rule_set as (

    select {{ dbt.hash(dbt.listagg("rule_text", "';'", "order by rule_order")) }}
        as rule_set_hash
    from ordered_rules

)
{%- endmacro %}
