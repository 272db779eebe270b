{# One row per first day of a month, from one date's month to another's, both columns of
   the one-row `relation`; up to 9,999 months, without a calendar or a series function. #}
{% macro month_spine(relation, first_date, last_date) -%}
    select {{ date_add_months(month_start(first_date), "months_later.month_count") }}
        as month_start_date
    from {{ relation }}
    cross join ({{ customer_value.whole_numbers() }}) as months_later
    where
        {{ date_add_months(month_start(first_date), "months_later.month_count") }}
        <= {{ last_date }}
{%- endmacro %}


{# 0 to 9,999. #}
{% macro whole_numbers() -%}
    select
        ones.digit
        + 10 * tens.digit
        + 100 * hundreds.digit
        + 1000 * thousands.digit as month_count
    from ({{ customer_value.digits() }}) as ones
    cross join ({{ customer_value.digits() }}) as tens
    cross join ({{ customer_value.digits() }}) as hundreds
    cross join ({{ customer_value.digits() }}) as thousands
{%- endmacro %}


{% macro digits() -%}
    {% for digit in range(10) -%}
        select {{ digit }} as digit{{ " union all " if not loop.last }}
    {%- endfor %}
{%- endmacro %}
