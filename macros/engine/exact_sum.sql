{# A sum that does not depend on the order of the rows, as a sum of doubles does: the terms become
   decimals, of twelve digits after the point, first. Squares and products of money have more
   digits before it than a decimal can hold: `is_square` adds their milliards by themselves. #}
{% macro exact_sum(expression, is_square=false) -%}
    {%- if is_square -%}
    (
        1e9 * cast(
            sum(
                cast(floor(({{ expression }}) / 1e9) as {{ type_decimal(38, 0) }})
            ) as {{ type_double() }}
        )
        + cast(
            sum(
                cast(
                    ({{ expression }}) - 1e9 * floor(({{ expression }}) / 1e9)
                    as {{ type_decimal(38, 12) }}
                )
            ) as {{ type_double() }}
        )
    )
    {%- else -%}
    cast(
        sum(cast({{ expression }} as {{ type_decimal(38, 12) }})) as {{ type_double() }}
    )
    {%- endif -%}
{%- endmacro %}
