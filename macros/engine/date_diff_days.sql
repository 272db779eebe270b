{% macro date_diff_days(from_date, to_date) %}
    {{- return(adapter.dispatch("date_diff_days", "customer_value")(from_date, to_date)) -}}
{% endmacro %}

{% macro default__date_diff_days(from_date, to_date) -%}
    {{ dbt.datediff(from_date, to_date, "day") }}
{%- endmacro %}

{% macro duckdb__date_diff_days(from_date, to_date) -%}
    date_diff('day', {{ from_date }}, {{ to_date }})
{%- endmacro %}

{% macro spark__date_diff_days(from_date, to_date) -%}
    datediff({{ to_date }}, {{ from_date }})
{%- endmacro %}

{% macro bigquery__date_diff_days(from_date, to_date) -%}
    date_diff({{ to_date }}, {{ from_date }}, day)
{%- endmacro %}
