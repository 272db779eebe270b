{# Whether a day of int_customer_days is the customer's last one up to a date. One condition, since
   engines would sort all days for two of them. #}
{% macro is_last_day_up_to(days, as_of_date) -%}
    case
        when {{ days }}.transacted_date <= {{ as_of_date }}
            then coalesce(
                {{ days }}.next_transacted_date, cast('9999-12-31' as date)
            ) > {{ as_of_date }}
        else false
    end
{%- endmacro %}
