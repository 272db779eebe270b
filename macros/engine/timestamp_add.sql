{% macro timestamp_add(unit, count, from_timestamp) %}
    {{- return(
        adapter.dispatch("timestamp_add", "customer_value")(unit, count, from_timestamp)
    ) -}}
{% endmacro %}

{% macro default__timestamp_add(unit, count, from_timestamp) -%}
    {{ dbt.dateadd(unit, count, from_timestamp) }}
{%- endmacro %}

{#- dbt's own stops at a missing timestamp on Spark. -#}
{% macro spark__timestamp_add(unit, count, from_timestamp) -%}
    timestampadd({{ unit }}, {{ count }}, {{ from_timestamp }})
{%- endmacro %}
