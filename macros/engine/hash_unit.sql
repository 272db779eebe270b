{% macro hash_unit(expression) %}
    {{- return(adapter.dispatch("hash_unit", "customer_value")(expression)) -}}
{% endmacro %}

{# The first eight hexadecimal digits of the md5, as a share of 2^32. #}
{% macro default__hash_unit(expression) -%}
    (cast(conv(substr(md5({{ expression }}), 1, 8), 16, 10) as double) / 4294967296)
{%- endmacro %}

{% macro duckdb__hash_unit(expression) -%}
    (
        cast(cast('0x' || substr(md5({{ expression }}), 1, 8) as bigint) as double)
        / 4294967296
    )
{%- endmacro %}

{% macro snowflake__hash_unit(expression) -%}
    (
        cast(to_number(substr(md5({{ expression }}), 1, 8), 'XXXXXXXX') as double)
        / 4294967296
    )
{%- endmacro %}

{% macro bigquery__hash_unit(expression) -%}
    (cast(concat('0x', substr(to_hex(md5({{ expression }})), 1, 8)) as int64) / 4294967296)
{%- endmacro %}
