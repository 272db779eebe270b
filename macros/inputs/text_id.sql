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
        else nullif(trim(cast({{ expression }} as varchar)), '')
    end
{%- endmacro %}
