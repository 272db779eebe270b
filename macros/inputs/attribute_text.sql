{# The value of an attribute as trimmed text, in which a number has a point: where the var
   decimal_separator is a comma, text that is a number and nothing else (63,01 or 1.234,5) is written
   anew, so that whatever reads attributes reads numbers in one way. A column of numbers is text with
   a point already. #}
{% macro attribute_text(expression) -%}
    {%- set text = customer_value.text_id(expression) -%}
    {%- if var("decimal_separator") == "," -%}
    case
        when
            not {{ is_number(expression) }}
            and {{ regexp_matches(
                text, "^-?(0|[1-9][0-9]{0,2}([.][0-9]{3}){1,4}|[1-9][0-9]{0,14})(,[0-9]+)?$"
            ) }}
            then replace(replace({{ text }}, '.', ''), ',', '.')
        else {{ text }}
    end
    {%- else -%}
    {{ text }}
    {%- endif -%}
{%- endmacro %}


{# Whether the value of an attribute is such a number. 007 is a name, and so is a number that no double
   holds. #}
{% macro is_attribute_number(expression) -%}
    {{ regexp_matches(expression, "^-?(0|[1-9][0-9]{0,14})([.][0-9]+)?$") }}
{%- endmacro %}


{# The number that the value of an attribute is, or that people write as they write money. #}
{% macro parse_attribute_number(expression, type) -%}
    case
        when {{ is_attribute_number(expression) }} then {{ try_cast(expression, type) }}
        else {{ parse_number(expression, type) }}
    end
{%- endmacro %}
