{% macro parse_number(expression, type) %}
    {{- return(adapter.dispatch("parse_number", "customer_value")(expression, type)) -}}
{% endmacro %}

{# Thousands are written with commas and decimals with a point. Text in any other form is null,
   so that 1.234,56 is never read as 1.23456. #}
{% macro default__parse_number(expression, type) -%}
    {%- set text = regexp_remove(
        "cast(" ~ expression ~ " as " ~ dbt.type_string() ~ ")", "[$€£¥₹  ]"
    ) -%}
    {%- set digits = "([0-9]{1,3}(,[0-9]{3})+|[0-9]*)([.][0-9]+)?" -%}
    coalesce(
        {{ try_cast(expression, type) }},
        case
            when {{ regexp_matches(text, "^[+-]?" ~ digits ~ "$") }}
                then {{ try_cast("replace(" ~ text ~ ", ',', '')", type) }}
            when {{ regexp_matches(text, "^[(]" ~ digits ~ "[)]$") }}
                then -1 * {{ try_cast(regexp_remove(text, "[(),]"), type) }}
        end
    )
{%- endmacro %}

{# A column of numbers is cast as it is; only text is compared with the patterns. #}
{% macro duckdb__parse_number(expression, type) -%}
    case
        when
            typeof({{ expression }}) in (
                'DOUBLE', 'FLOAT', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'
            )
            or typeof({{ expression }}) like 'DECIMAL%'
            then {{ try_cast(expression, type) }}
        else {{ customer_value.default__parse_number(expression, type) }}
    end
{%- endmacro %}
