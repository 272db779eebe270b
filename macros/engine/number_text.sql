{# A number as text in a sentence, rounded to `digits` digits after the point. #}
{% macro number_text(expression, digits) -%}
    cast(
        cast(round({{ expression }}, {{ digits }}) as {{ type_decimal(38, digits) }})
        as {{ dbt.type_string() }}
    )
{%- endmacro %}
