{# A channel without case, blanks and hyphens, since people write E-mail, e_mail and email. #}
{% macro channel_key(expression) -%}
    lower({{ regexp_remove(expression, "[ \t\u00a0._/-]") }})
{%- endmacro %}
