{# What spending `spend` a year on a segment brings: ever less for the next unit. Needs the
   columns response_<case> and spend_scale of int_budget_segments. #}
{% macro budget_response(effect_case, spend) -%}
    case
        when spend_scale > 0
            then response_{{ effect_case }} * (1 - exp(-1 * ({{ spend }}) / spend_scale))
        else 0
    end
{%- endmacro %}


{# Parts of a whole number of cents: `exact` cut down to cents, and the cents that are
   left to the largest remainders, so that they add up to `total`. #}
{% macro whole_cents(exact, total, partition, tiebreak) -%}
    {%- set partition_by = "partition by " ~ partition if partition else "" -%}
    floor({{ exact }})
    + case
        when
            row_number() over (
                {{ partition_by }}
                order by {{ exact }} - floor({{ exact }}) desc, {{ tiebreak }}
            )
            <= {{ total }} - sum(floor({{ exact }})) over ({{ partition_by }})
            then 1
        else 0
    end
{%- endmacro %}


{# Stops where a budget or a response cannot be, or the floors do not leave room. #}
{% macro require_budget() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set key = customer_value.any_if_empty("segment") -%}
    {%- set share = "a share from 0 to 1" -%}
    {%- set query -%}
        {% for seed in ["current_budget", "budget_response"] %}
            {{ unknown_segment_sentences(seed) }}
            union all
            {{ repeated_row_sentences(seed, key) }}
            union all
        {% endfor %}
        {{ range_sentences("current_budget", key, "spend", 0, none, "0 or more") }}
        union all
        select
            concat(
                'The seed current_budget has a row for *, and no segment without a row of ',
                'its own has customers: add its spend to the others.'
            ) as sentence
        from {{ ref("customer_value__current_budget") }}
        where
            {{ key }} = '*'
            and spend > 0
            and not exists (
                select 1 as found
                from {{ ref("int_customer_value__segment_forecast_months") }} as months
                where months.segment not in (
                    select {{ key }} from {{ ref("customer_value__current_budget") }}
                )
            )
        {% for column in ["uplift_low", "uplift_base", "uplift_high"] %}
            union all
            {{ range_sentences("budget_response", key, column, 0, 1, share) }}
        {% endfor %}
        union all
        {{ range_sentences("budget_response", key, "spend_scale", 0.0001, none, "above 0") }}
        union all
        select
            concat(
                'The seed budget_response has the uplifts of ', {{ key }},
                ' in another order than low, base, high: the low one must be the smallest.'
            ) as sentence
        from {{ ref("customer_value__budget_response") }}
        where uplift_low > uplift_base or uplift_base > uplift_high
        union all
        select
            concat(
                'The seed budget_response has no row for the segment ', segment,
                ': add one, or one with * for every other segment.'
            ) as sentence
        from {{ ref("customer_value__segments") }}
        where
            segment not in (select {{ key }} from {{ ref("customer_value__budget_response") }})
            and '*' not in (select {{ key }} from {{ ref("customer_value__budget_response") }})
        union all
        select
            concat(
                'The var budget_floor_share is {{ var("budget_floor_share") }}: the floors of ',
                cast(count(distinct segment) as {{ dbt.type_string() }}),
                ' segments exceed the budget; it may be 1 over their number at most.'
            ) as sentence
        from {{ ref("int_customer_value__segment_forecast_months") }}
        having count(distinct segment) * {{ var("budget_floor_share") }} > 1
    {%- endset -%}
    {{- customer_value.stop_with_sentence(query) -}}
{% endmacro %}


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
