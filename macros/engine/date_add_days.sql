{% macro date_add_days(from_date, days) %}
    {{- return(adapter.dispatch("date_add_days", "customer_value")(from_date, days)) -}}
{% endmacro %}

{% macro default__date_add_days(from_date, days) -%}
    cast({{ dbt.dateadd("day", days, from_date) }} as date)
{%- endmacro %}

{% macro spark__date_add_days(from_date, days) -%}
    date_add({{ from_date }}, cast({{ days }} as int))
{%- endmacro %}
