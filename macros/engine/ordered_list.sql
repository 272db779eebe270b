{% macro ordered_list(column, separator) %}
    {{- return(adapter.dispatch("ordered_list", "customer_value")(column, separator)) -}}
{% endmacro %}

{% macro default__ordered_list(column, separator) -%}
    {{ dbt.listagg(column, customer_value.quoted_text(separator), "order by " ~ column) }}
{%- endmacro %}

{#- dbt's own leaves the order to chance on Spark. -#}
{% macro spark__ordered_list(column, separator) -%}
    array_join(array_sort(collect_list({{ column }})), {{ customer_value.quoted_text(separator) }})
{%- endmacro %}
