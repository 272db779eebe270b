{# The parameters of every purchase model in one row per role and model. #}
{% macro purchase_parameter_columns() -%}
    max(case when parameter = 'r' then estimate end) as r,
    max(case when parameter = 'alpha' then estimate end) as alpha,
    max(case when parameter = 'a' then estimate end) as a,
    max(case when parameter = 'b' then estimate end) as b,
    max(case when parameter in ('a', 's') then estimate end) as dropout
{%- endmacro %}
