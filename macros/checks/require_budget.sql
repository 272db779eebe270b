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
