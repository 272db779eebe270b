{# Whether a customer whose last purchase lies recency_days before a date has bought since an earlier
   one. #}
{% macro has_bought_since(recency_days, from_date, to_date) -%}
    {{ recency_days }} < {{ customer_value.date_diff_days(from_date, to_date) }}
{%- endmacro %}
