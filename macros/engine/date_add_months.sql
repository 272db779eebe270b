{% macro date_add_months(from_date, months) %}
    {{- return(adapter.dispatch("date_add_months", "customer_value")(from_date, months)) -}}
{% endmacro %}

{% macro default__date_add_months(from_date, months) -%}
    cast({{ dbt.dateadd("month", months, from_date) }} as date)
{%- endmacro %}

{% macro spark__date_add_months(from_date, months) -%}
    add_months({{ from_date }}, cast({{ months }} as int))
{%- endmacro %}
