{# A text whose first match of a pattern is replaced; ~1~ in the replacement is the first group. #}
{% macro regexp_rewrite(expression, pattern, replacement) %}
    {{- return(adapter.dispatch("regexp_rewrite", "customer_value")(
        expression, pattern, replacement
    )) -}}
{% endmacro %}

{% macro default__regexp_rewrite(expression, pattern, replacement) -%}
    regexp_replace(
        {{ expression }},
        {{ quoted_text(pattern) }},
        {{ quoted_text(modules.re.sub("~([0-9])~", "\\\\\\1", replacement)) }}
    )
{%- endmacro %}

{% macro spark__regexp_rewrite(expression, pattern, replacement) -%}
    regexp_replace(
        {{ expression }},
        {{ quoted_text(pattern) }},
        {{ quoted_text(modules.re.sub("~([0-9])~", "$\\1", replacement)) }}
    )
{%- endmacro %}
