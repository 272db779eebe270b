{# Thousands are written with commas and decimals with a point; anything else, a
   decimal comma among it, is no number, so that 1.234,56 is never read as 1.23456. #}
{% macro parse_number(expression, type) -%}
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
