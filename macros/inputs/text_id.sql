{# A value of any type as trimmed text; null where it is empty. #}
{% macro text_id(expression) %}
    {{- return(adapter.dispatch("text_id", "customer_value")(expression)) -}}
{% endmacro %}

{% macro default__text_id(expression) -%}
    nullif(trim(cast({{ expression }} as {{ dbt.type_string() }})), '')
{%- endmacro %}

{# A data frame turns whole numbers with gaps into floats: 3.0 is 3. #}
{% macro duckdb__text_id(expression) -%}
    case
        when typeof({{ expression }}) in ('DOUBLE', 'FLOAT')
            then regexp_replace(cast({{ expression }} as varchar), '[.]0$', '')
        when {{ customer_value.is_trimmed(expression) }} then cast({{ expression }} as varchar)
        else nullif(trim(cast({{ expression }} as varchar)), '')
    end
{%- endmacro %}


{# Whether a value on DuckDB is a whole number, or text that plainly has no blank at either end: one of
   ASCII that begins behind the blank and does not end in it. Trimming finds the same in five times
   the time. #}
{% macro is_trimmed(expression) -%}
    {%- set text = "cast(" ~ expression ~ " as varchar)" -%}
    (
        regexp_matches(typeof({{ expression }}), '^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$')
        or (
            typeof({{ expression }}) = 'VARCHAR'
            and {{ text }} > '!'
            and strlen({{ text }}) = length({{ text }})
            and {{ text }} not like '% '
        )
    )
{%- endmacro %}
