{# A number as people write it: commas between thousands, two decimals where it is money. dbt 2 does
   not know these formats and leaves them as they stand; there it is the plain number. #}
{% macro grouped_digits(number, is_money=false) %}
    {%- set text = ("{:,.2f}" if is_money else "{:,}").format(number) -%}
    {{- return(number | string if "{" in text else text) -}}
{% endmacro %}
