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
