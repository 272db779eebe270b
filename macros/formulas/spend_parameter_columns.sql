{# The parameters of the spend model in one row per role. #}
{% macro spend_parameter_columns() -%}
    max(case when parameter = 'p' then estimate end) as p,
    max(case when parameter = 'q' then estimate end) as q,
    max(case when parameter = 'v' then estimate end) as v,
    max(mean_purchase_value) as mean_purchase_value
{%- endmacro %}
