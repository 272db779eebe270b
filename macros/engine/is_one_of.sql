{# Whether a text is one of some words; null where there is no text, and false where there are no words. #}
{% macro is_one_of(expression, words) %}
    {%- if not words -%}
        {{- return("1 = 0") -}}
    {%- endif -%}
    {{- return(adapter.dispatch("is_one_of", "customer_value")(expression, words)) -}}
{% endmacro %}

{% macro default__is_one_of(expression, words) -%}
    {{ expression }} in ({{ customer_value.quoted_words(words) }})
{%- endmacro %}

{# DuckDB makes a join of a long `in`, which is computed whether or not anybody asks for its result. #}
{% macro duckdb__is_one_of(expression, words) -%}
    list_contains([{{ customer_value.quoted_words(words) }}], {{ expression }})
{%- endmacro %}
