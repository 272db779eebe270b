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
