{# Sentences for the values of a seed's column that another seed or list does not know. #}
{% macro unknown_value_sentences(seed, column, known, noun, advice) -%}
    {%- set value = customer_value.any_if_empty(column) -%}
    select
        concat(
            'The seed {{ seed }} names the {{ noun }} ', {{ value }},
            ', and there is none of this name: {{ advice }}'
        ) as sentence
    from {{ ref("customer_value__" ~ seed) }}
    where {{ value }} != '*' and {{ value }} not in ({{ known }})
{%- endmacro %}


{% macro unknown_segment_sentences(seed) -%}
    {{ customer_value.unknown_value_sentences(
        seed,
        "segment",
        "select segment from " ~ ref("customer_value__segments"),
        "segment",
        "correct it, or, where you ship segments of your own, ship this seed of your own too."
    ) }}
{%- endmacro %}
