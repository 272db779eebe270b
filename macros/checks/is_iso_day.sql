{# Whether a cell of a seed is a day of the calendar, written YYYY-MM-DD. An engine that reads the seed
   would guess which number of 03.04.2025 is the month. #}
{% macro is_iso_day(column) -%}
    {%- set text = "cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")" -%}
    {{ customer_value.regexp_matches(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$") }}
    and {{ customer_value.try_cast(text, "date") }} is not null
{%- endmacro %}
