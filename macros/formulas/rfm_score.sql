{# One of the scores 1 to 5 of a value within its as-of date, by the var rfm_scoring: from the
   boundaries of its date, or by the textbook's split, where the customer id breaks ties.
   `direction` is asc where a large value is good, desc where a small one is. With
   `from_boundaries` it is from the boundaries that the row carries, whatever the var says. #}
{% macro rfm_score(metric, direction, from_boundaries=false) -%}
    {%- if var("rfm_scoring") == "ntile" and not from_boundaries -%}
    cast(
        ntile(5) over (
            partition by as_of_date order by {{ metric }} {{ direction }}, customer_id
        ) as integer
    )
    {%- else -%}
    cast(
        case
            {%- for score in ([5, 4, 3, 2] if direction == "asc" else [1, 2, 3, 4]) %}
            when {{ metric }} >= {{ metric }}_from_{{ score }} then {{ score }}
            {%- endfor %}
            else {{ 1 if direction == "asc" else 5 }}
        end as integer
    )
    {%- endif -%}
{%- endmacro %}
