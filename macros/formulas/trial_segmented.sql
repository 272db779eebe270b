{# The CTEs that give each row of a CTE `states`, one per customer, the first rule of the seed
   trial_rules that holds, up to the CTE `segmented`: the states with rule_order, segment and
   segment_reason. The states have the metrics and, as `<metric>_p75`, their percentiles. #}
{% macro trial_segmented() -%}
trial_rules as (

    select
        cast(rule_order as {{ dbt.type_int() }}) as rule_order,
        trim(segment) as segment,
        {% for number in [1, 2] -%}
            nullif(trim(metric_{{ number }}), '') as metric_{{ number }},
            trim(operator_{{ number }}) as operator_{{ number }},
            trim(value_{{ number }}) as value_{{ number }},
        {% endfor -%}
        reason
    from {{ ref("customer_value__trial_rules") }}

),

-- A 75th percentile of nothing counts as anything above nothing, or everybody would be in
-- the upper quarter of what nobody does.
measured as (

    select
        states.*,
        trial_rules.*,
        {% for number in [1, 2] -%}
            case trial_rules.metric_{{ number }}
                {% for metric in trial_metrics() -%}
                    when '{{ metric }}'
                        then cast(states.{{ metric }} as {{ type_double() }})
                {% endfor %}
            end as left_{{ number }},
            case
                when trial_rules.value_{{ number }} = 'p75'
                    then
                        greatest(
                            case trial_rules.metric_{{ number }}
                                {% for metric in compared_trial_metrics() -%}
                                    when '{{ metric }}' then states.{{ metric }}_p75
                                {% endfor %}
                            end,
                            1e-9
                        )
                else {{ try_cast("trial_rules.value_" ~ number, type_double()) }}
            end as right_{{ number }}
            {{- "," if not loop.last }}
        {% endfor %}
    from states
    cross join trial_rules

),

first_rules as (

    select
        customer_id,
        min(rule_order) as rule_order
    from measured
    where
        {% for number in [1, 2] -%}
            {{ "and " if not loop.first -}}
            (
                metric_{{ number }} is null
                or case operator_{{ number }}
                    when '>=' then left_{{ number }} >= right_{{ number }}
                    when '>' then left_{{ number }} > right_{{ number }}
                    when '<=' then left_{{ number }} <= right_{{ number }}
                    when '<' then left_{{ number }} < right_{{ number }}
                    when '=' then left_{{ number }} = right_{{ number }}
                end
            )
        {% endfor %}
    group by customer_id

),

segmented as (

    select
        states.*,
        trial_rules.rule_order,
        trial_rules.segment,
        {% set sentence = namespace(text="trial_rules.reason") -%}
        {%- for metric in trial_metrics() -%}
            {%- set value -%}
                {%- if metric in ("active_share", "feature_breadth") -%}
                    concat({{ number_text("100 * states." ~ metric, 0) }}, ' %')
                {%- else -%}
                    cast(states.{{ metric }} as {{ dbt.type_string() }})
                {%- endif -%}
            {%- endset -%}
            {%- set sentence.text = "replace(" ~ sentence.text ~ ", '{" ~ metric ~ "}', "
                ~ value ~ ")" -%}
        {%- endfor -%}
        {{ sentence.text }} as segment_reason
    from states
    left join first_rules on states.customer_id = first_rules.customer_id
    left join trial_rules on first_rules.rule_order = trial_rules.rule_order

)
{%- endmacro %}
