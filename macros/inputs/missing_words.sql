{# How programs write that there is no value. #}
{% macro missing_words() %}
    {{- return([
        "null", "none", "nil", "nan", "na", "n/a", "#n/a", "nat", "<na>", "\\n", "undefined"
    ]) -}}
{% endmacro %}


{# Whether a column says something: it is neither empty nor a word for nothing. #}
{% macro is_given(expression) -%}
    coalesce(
        not {{ is_one_of("lower(" ~ text_id(expression) ~ ")", missing_words()) }}, false
    )
{%- endmacro %}


{# Words as literals of SQL, in lower case. #}
{% macro quoted_words(words) %}
    {%- set texts = [] -%}
    {%- for word in words -%}
        {%- do texts.append(customer_value.quoted_text(word | string | trim | lower)) -%}
    {%- endfor -%}
    {#- Nothing is in a list of null alone. #}
    {{- return(texts | join(", ") or "null") -}}
{% endmacro %}
