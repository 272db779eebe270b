{% macro type_money() %}decimal(18, 4){% endmacro %}


{# More digits than money has: for sums that must not depend on the order of the rows. #}
{% macro type_decimal(precision, scale) %}
    {{- return(adapter.dispatch("type_decimal", "customer_value")(precision, scale)) -}}
{% endmacro %}

{% macro default__type_decimal(precision, scale) %}decimal({{ precision }}, {{ scale }}){% endmacro %}

{% macro bigquery__type_decimal(precision, scale) -%}
    bignumeric({{ precision }}, {{ scale }})
{%- endmacro %}


{# A point in time on a clock on the wall: no zone. #}
{% macro type_timestamp() %}
    {{- return(adapter.dispatch("type_timestamp", "customer_value")()) -}}
{% endmacro %}

{% macro default__type_timestamp() %}timestamp{% endmacro %}

{% macro bigquery__type_timestamp() %}datetime{% endmacro %}


{% macro type_double() %}
    {{- return(adapter.dispatch("type_double", "customer_value")()) -}}
{% endmacro %}

{% macro default__type_double() %}double{% endmacro %}

{% macro bigquery__type_double() %}float64{% endmacro %}

{% macro postgres__type_double() %}double precision{% endmacro %}
