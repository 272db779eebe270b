{# The month in which a row of int_customer_months counts for its cohort: returns from before a
   customer's first purchase in this log count in month 0. #}
{% macro cohort_month() -%}
    greatest(month_start_date, cohort_start_date)
{%- endmacro %}
