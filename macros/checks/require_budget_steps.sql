{# Stops where the steps of the shift are no steps. #}
{% macro require_budget_steps() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set key = "concat('phase ', cast(phase as " ~ dbt.type_string() ~ "))" -%}
    {%- set share = "a share from 0 to 1" -%}
    {%- set query -%}
        {{ repeated_row_sentences("budget_steps", key) }}
        {% for column in ["shift_share", "threshold_share"] %}
            union all
            {{ range_sentences("budget_steps", key, column, 0, 1, share) }}
        {% endfor %}
        union all
        select
            concat(
                'The seed budget_steps has the kpi ', coalesce(kpi, 'empty'), ' for ', {{ key }},
                ': it must be response_value, return_per_unit or projected_value.'
            ) as sentence
        from {{ ref("customer_value__budget_steps") }}
        where coalesce(kpi, '') not in ('response_value', 'return_per_unit', 'projected_value')
        union all
        select
            concat(
                'The seed budget_steps goes back in ', {{ key }},
                ': shift_share must grow from phase to phase, from 1 on.'
            ) as sentence
        from (
            select
                phase,
                shift_share,
                lag(shift_share) over (order by phase) as shift_share_before
            from {{ ref("customer_value__budget_steps") }}
        ) as steps
        where phase < 1 or shift_share < shift_share_before
    {%- endset -%}
    {{- customer_value.stop_with_sentence(query) -}}
{% endmacro %}
