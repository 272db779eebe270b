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


{# The numbers of a trial in its segment, in the table of the last run and in the live view. #}
{% macro trial_segment_numbers() -%}
    cast(rule_order as {{ dbt.type_int() }}) as rule_order,
    cast(trial_day as {{ dbt.type_int() }}) as trial_day,
    cast(active_days as {{ dbt.type_bigint() }}) as active_days,
    cast(active_share as {{ type_double() }}) as active_share,
    cast(core_actions as {{ dbt.type_bigint() }}) as core_actions,
    cast(core_actions_p75 as {{ type_double() }}) as core_actions_p75,
    cast(feature_count as {{ dbt.type_bigint() }}) as feature_count,
    cast(feature_breadth as {{ type_double() }}) as feature_breadth,
    cast(feature_breadth_p75 as {{ type_double() }}) as feature_breadth_p75,
    cast(days_since_last_active as {{ dbt.type_int() }}) as days_since_last_active,
    cast(support_contacts as {{ dbt.type_bigint() }}) as support_contacts,
    cast(unknown_events as {{ dbt.type_bigint() }}) as unknown_events,
    cast(trial_count as {{ dbt.type_bigint() }}) as compared_trial_count
{%- endmacro %}
