{# Stops with the first of the sentences that a query finds (one column, `sentence`), so
   that a broken seed stops what rests on it before anything is built on it. #}
{% macro stop_with_sentence(query) %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set found = run_query(
        "select min(sentence) as sentence from (" ~ query ~ ") as findings"
    ).columns[0][0] -%}
    {%- if found -%}{{- exceptions.raise_compiler_error(found) -}}{%- endif -%}
{% endmacro %}
