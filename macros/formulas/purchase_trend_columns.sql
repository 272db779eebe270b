{# The trend: the last activity_days before a date against those before them, summed over
   a customer's purchase days. #}
{% macro purchase_trend_columns(as_of_date, days="purchase_days.") -%}
    {% for name, sign in {"recent": ">", "previous": "<="}.items() %}
        {%- set in_window -%}
            {{ days }}purchase_date
            {{ sign }} {{ date_add_days(as_of_date, "-1 * " ~ var("activity_days")) }}
        {%- endset %}
        sum(case when {{ in_window }} then 1 else 0 end) as {{ name }}_purchase_count,
        sum(case when {{ in_window }} then {{ days }}spend else 0 end)
            as {{ name }}_spend
        {{- "," if not loop.last }}
    {% endfor %}
{%- endmacro %}
