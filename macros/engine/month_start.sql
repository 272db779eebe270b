{% macro month_start(of_date) -%}
    cast({{ dbt.date_trunc("month", of_date) }} as date)
{%- endmacro %}
