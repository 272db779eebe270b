{# One of the scores 1 to 5 of a value within its as-of date, by the var rfm_scoring.
   `direction` is asc where a large value is good, desc where a small one is. #}
{% macro rfm_score(metric, direction) -%}
    {%- set scoring = var("rfm_scoring") -%}
    {%- set by_date = "as_of_date, is_current, is_calibration" -%}
    {%- if scoring == "quintiles" -%}
    {#- 5 x (customers strictly below) / customers, in whole numbers: ties share a score. -#}
    cast(
        1 + floor(
            cast(
                5 * (
                    rank() over (
                        partition by {{ by_date }} order by {{ metric }} {{ direction }}
                    ) - 1
                ) as {{ type_double() }}
            ) / count(*) over (partition by {{ by_date }})
        ) as integer
    )
    {%- elif scoring == "ntile" -%}
    {#- The textbook split; the customer id makes the order total. -#}
    cast(
        ntile(5) over (
            partition by {{ by_date }} order by {{ metric }} {{ direction }}, customer_id
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
