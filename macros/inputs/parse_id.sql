{# An id of any type as trimmed text. A data frame turns whole numbers with gaps into floats:
   17850.0 is the id 17850, whatever the column's type. #}
{% macro parse_id(expression) %}
    {{- return(adapter.dispatch("parse_id", "customer_value")(expression)) -}}
{% endmacro %}

{% macro default__parse_id(expression) -%}
    {%- set text = text_id(expression) -%}
    case
        when {{ text }} like '%.%0' and {{ regexp_matches(text, "^[0-9]+[.]0+$") }}
            then {{ regexp_remove(text, "[.]0+$") }}
        else {{ text }}
    end
{%- endmacro %}

{# A large float would become text in the scientific way. #}
{% macro duckdb__parse_id(expression) -%}
    case
        when
            typeof({{ expression }}) in ('DOUBLE', 'FLOAT')
            and abs(try_cast({{ expression }} as double)) < 1e18
            and try_cast({{ expression }} as double)
            = floor(try_cast({{ expression }} as double))
            then cast(try_cast({{ expression }} as bigint) as varchar)
        when
            {{ customer_value.is_trimmed(expression) }}
            and cast({{ expression }} as varchar) not like '%.%0'
            then cast({{ expression }} as varchar)
        else {{ customer_value.default__parse_id(expression) }}
    end
{%- endmacro %}
