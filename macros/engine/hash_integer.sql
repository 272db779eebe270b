{# The first fifteen hexadecimal digits of the md5, as a whole number below 2^60. #}
{% macro hash_integer(expression) %}
    {{- return(adapter.dispatch("hash_integer", "customer_value")(expression)) -}}
{% endmacro %}

{% macro default__hash_integer(expression) -%}
    cast(conv(substr(md5({{ expression }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}

{% macro duckdb__hash_integer(expression) -%}
    cast('0x' || substr(md5({{ expression }}), 1, 15) as bigint)
{%- endmacro %}

{% macro snowflake__hash_integer(expression) -%}
    to_number(substr(md5({{ expression }}), 1, 15), 'XXXXXXXXXXXXXXX')
{%- endmacro %}

{% macro bigquery__hash_integer(expression) -%}
    cast(concat('0x', substr(to_hex(md5({{ expression }})), 1, 15)) as int64)
{%- endmacro %}
