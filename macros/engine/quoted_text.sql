{# A text that comes from data or vars as a literal of SQL: whatever it holds, it is text. #}
{% macro quoted_text(text) %}
    {{- return(adapter.dispatch("quoted_text", "customer_value")(text | string)) -}}
{% endmacro %}

{% macro default__quoted_text(text) %}
    {{- return("'" ~ text | replace("'", "''") ~ "'") -}}
{% endmacro %}

{# A backslash is an escape in the literals of these. #}
{% macro snowflake__quoted_text(text) %}
    {{- return("'" ~ text | replace("\\", "\\\\") | replace("'", "\\'") ~ "'") -}}
{% endmacro %}

{% macro spark__quoted_text(text) %}
    {{- return(customer_value.snowflake__quoted_text(text)) -}}
{% endmacro %}

{% macro bigquery__quoted_text(text) %}
    {{- return(
        customer_value.snowflake__quoted_text(text) | replace("\n", "\\n") | replace("\r", "\\r")
    ) -}}
{% endmacro %}
