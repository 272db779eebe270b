{# The id of a customer, trimmed, as text. Empty, null and 'nan' in any spelling are an
   missing customer: nan is what a data frame writes where an id is missing. #}
{% macro parse_customer_id(expression) -%}
    case
        when lower({{ text_id(expression) }}) != 'nan' then {{ text_id(expression) }}
    end
{%- endmacro %}
