{# Stops with the first of the sentences that a query finds (one column, `sentence`), so
   that a broken seed stops what rests on it before anything is built on it. #}
{% macro stop_with_sentence(query) %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set found = run_query(
        "select min(sentence) as sentence from (" ~ query ~ ") as findings"
    ).columns[0][0] -%}
    {%- if found -%}{{- exceptions.raise_compiler_error(found) -}}{%- endif -%}
{% endmacro %}


{# A cell of a seed that narrows a rule: empty and * both stand for any. #}
{% macro any_if_empty(column) -%}
    coalesce(nullif(trim({{ column }}), ''), '*')
{%- endmacro %}


{% macro value_tiers() %}
    {{- return(["VIP", "High", "Medium", "Low"]) -}}
{% endmacro %}


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


{# Sentences for the numbers of a seed that are missing or out of their range; `key` is an
   expression that names the row. #}
{% macro range_sentences(seed, key, column, minimum, maximum, expected) -%}
    select
        concat(
            'The seed {{ seed }} has {{ column }} ',
            coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'empty'),
            ' for ', {{ key }}, ': it must be {{ expected }}.'
        ) as sentence
    from {{ ref("customer_value__" ~ seed) }}
    where
        {{ column }} is null
        or {{ column }} < {{ minimum }}
        {% if maximum is not none %}or {{ column }} > {{ maximum }}{% endif %}
{%- endmacro %}


{# Sentences for rows of a seed that occur twice; `key` names them. #}
{% macro repeated_row_sentences(seed, key) -%}
    select
        concat('The seed {{ seed }} has more than one row for ', {{ key }}, ': keep one.')
            as sentence
    from {{ ref("customer_value__" ~ seed) }}
    group by {{ key }}
    having count(*) > 1
{%- endmacro %}
