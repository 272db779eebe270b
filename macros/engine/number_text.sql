{# A number as text in a sentence, with so many digits after the point. #}
{% macro number_text(expression, digits) -%}
    cast(
        cast(round({{ expression }}, {{ digits }}) as decimal(18, {{ digits }}))
        as {{ dbt.type_string() }}
    )
{%- endmacro %}
