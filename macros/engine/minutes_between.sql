{% macro minutes_between(from_timestamp, to_timestamp) %}
    {{- return(
        adapter.dispatch("minutes_between", "customer_value")(from_timestamp, to_timestamp)
    ) -}}
{% endmacro %}

{% macro default__minutes_between(from_timestamp, to_timestamp) -%}
    {{ dbt.datediff(from_timestamp, to_timestamp, "minute") }}
{%- endmacro %}

{#- dbt's own stops at a missing timestamp on Spark. -#}
{% macro spark__minutes_between(from_timestamp, to_timestamp) -%}
    timestampdiff(
        minute, date_trunc('minute', {{ from_timestamp }}), date_trunc('minute', {{ to_timestamp }})
    )
{%- endmacro %}
