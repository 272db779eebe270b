{# A whole number that differs, but for chance, where any of the columns does: for sums that
   tell whether a table is still what it was. The engine's own hash where there is one; it
   need not be the same on another engine or version, since a changed one only computes anew. #}
{% macro row_hash(columns) %}
    {{- return(adapter.dispatch("row_hash", "customer_value")(columns)) -}}
{% endmacro %}

{% macro default__row_hash(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append(
            "coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '')"
        ) -%}
    {%- endfor -%}
    cast({{ hash_integer("concat(" ~ texts | join(", '|', ") ~ ")") }} as {{ type_decimal(38, 0) }})
{%- endmacro %}

{% macro duckdb__row_hash(columns) -%}
    cast(hash({{ columns | join(", ") }}) as {{ type_decimal(38, 0) }})
{%- endmacro %}

{% macro spark__row_hash(columns) -%}
    cast(xxhash64({{ columns | join(", ") }}) as {{ type_decimal(38, 0) }})
{%- endmacro %}

{% macro snowflake__row_hash(columns) -%}
    cast(hash({{ columns | join(", ") }}) as {{ type_decimal(38, 0) }})
{%- endmacro %}
