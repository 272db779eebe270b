{# The one parser of yes and no, in upper or lower case, as words or as numbers. Null where nothing
   is said, and for a word that is not known, which `is_unknown_flag` tells. #}
{% macro parse_boolean(expression) -%}
    {%- set word = "lower(" ~ parse_id(expression) ~ ")" -%}
    {%- if expression == no_column() -%}
        cast(null as {{ dbt.type_boolean() }})
    {%- else -%}
        case
            when {{ is_one_of(word, flag_words()["true"]) }} then true
            when {{ is_one_of(word, flag_words()["false"]) }} then false
        end
    {%- endif -%}
{%- endmacro %}


{# Whether a flag says something that is neither yes nor no. #}
{% macro is_unknown_flag(expression) -%}
    {%- set words = flag_words()["true"] + flag_words()["false"] + missing_words() -%}
    {%- if expression == no_column() -%}
        false
    {%- else -%}
        coalesce(
            not {{ is_one_of("lower(" ~ parse_id(expression) ~ ")", words) }}, false
        )
    {%- endif -%}
{%- endmacro %}


{% macro flag_words() %}
    {{- return({
        "true": ["true", "t", "yes", "y", "1", "on"],
        "false": ["false", "f", "no", "n", "0", "off"],
    }) -}}
{% endmacro %}
