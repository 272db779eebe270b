{# A number as people write it: commas between thousands, two decimals where it is money. dbt 2 does
   not know these formats and leaves them as they stand; there it is the plain number. #}
{% macro grouped_digits(number, is_money=false) %}
    {%- set text = ("{:,.2f}" if is_money else "{:,}").format(number) -%}
    {{- return(number | string if "{" in text else text) -}}
{% endmacro %}


{# So many of things that are named in the plural, in the singular where it is one. #}
{% macro counted(number, things) %}
    {%- set thing = things[:-3] ~ "y" if things.endswith("ies") else things[:-1] -%}
    {{- return(customer_value.grouped_digits(number) ~ " " ~ (thing if number == 1 else things)) -}}
{% endmacro %}
