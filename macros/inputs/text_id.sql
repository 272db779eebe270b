{% macro text_id(expression) %}
    {{- return(adapter.dispatch("text_id", "customer_value")(expression)) -}}
{% endmacro %}

{% macro default__text_id(expression) -%}
    nullif(trim(cast({{ expression }} as {{ dbt.type_string() }})), '')
{%- endmacro %}

{# An id that a data frame has turned into a float is 17850.0; DuckDB decides the
   branch by the column's type when it plans the query, so the rows pay nothing. #}
{% macro duckdb__text_id(expression) -%}
    case
        when typeof({{ expression }}) in ('DOUBLE', 'FLOAT')
            then regexp_replace(cast({{ expression }} as varchar), '[.]0$', '')
        else nullif(trim(cast({{ expression }} as varchar)), '')
    end
{%- endmacro %}
