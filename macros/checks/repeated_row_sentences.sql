{# Sentences for rows of a seed that occur twice; `key` names them. #}
{% macro repeated_row_sentences(seed, key) -%}
    select
        concat('The seed {{ seed }} has more than one row for ', {{ key }}, ': keep one.')
            as sentence
    from {{ ref("customer_value__" ~ seed) }}
    group by {{ key }}
    having count(*) > 1
{%- endmacro %}
