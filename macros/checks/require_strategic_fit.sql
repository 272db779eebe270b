{# Stops where a fit is none. #}
{% macro require_strategic_fit() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set query -%}
        {{ unknown_segment_sentences("strategic_fit") }}
        union all
        {{ repeated_row_sentences("strategic_fit", any_if_empty("segment")) }}
        union all
        {{ range_sentences(
            "strategic_fit", any_if_empty("segment"), "fit", 0, 1, "a share from 0 to 1"
        ) }}
        union all
        select
            'The seed strategic_fit has a row without a segment: name one, or leave the row out.'
                as sentence
        from {{ ref("customer_value__strategic_fit") }}
        where {{ any_if_empty("segment") }} = '*'
    {%- endset -%}
    {{- customer_value.stop_with_sentence(query) -}}
{% endmacro %}
