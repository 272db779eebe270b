{# More digits than money has: for sums that must not depend on the order of the rows. #}
{% macro type_decimal(precision, scale) %}
    {{- return(adapter.dispatch("type_decimal", "customer_value")(precision, scale)) -}}
{% endmacro %}

{% macro default__type_decimal(precision, scale) %}decimal({{ precision }}, {{ scale }}){% endmacro %}

{% macro bigquery__type_decimal(precision, scale) -%}
    bignumeric({{ precision }}, {{ scale }})
{%- endmacro %}
