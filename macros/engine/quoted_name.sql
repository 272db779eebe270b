{# A name that comes from data or vars, such as a header of a file, as an identifier: whatever it
   holds, it is one name and no SQL. #}
{% macro quoted_name(name) %}
    {{- return(adapter.dispatch("quoted_name", "customer_value")(name | string)) -}}
{% endmacro %}

{% macro default__quoted_name(name) %}
    {{- return('"' ~ name | replace('"', '""') ~ '"') -}}
{% endmacro %}

{# Quoting a name makes its case count: only what needs it is quoted. #}
{% macro snowflake__quoted_name(name) %}
    {%- if modules.re.match("^[A-Za-z_][A-Za-z0-9_]*$", name) -%}
        {{- return(name) -}}
    {%- endif -%}
    {{- return(customer_value.default__quoted_name(name)) -}}
{% endmacro %}

{% macro spark__quoted_name(name) %}
    {{- return("`" ~ name | replace("`", "``") ~ "`") -}}
{% endmacro %}

{% macro bigquery__quoted_name(name) %}
    {{- return("`" ~ name | replace("\\", "\\\\") | replace("`", "\\`") ~ "`") -}}
{% endmacro %}
