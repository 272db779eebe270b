{# Whole billing intervals from a day to a later one, for rows that carry interval_months and
   interval_days, of which one is 0. A month after the 31st is the last day of a shorter month. #}
{% macro billing_cycles(from_date, to_date) -%}
    {%- set months = date_diff_months(from_date, to_date) -%}
    cast(
        case
            when interval_days > 0
                then
                    floor(
                        {{ date_diff_days(from_date, to_date) }} * 1.0 / interval_days
                    )
            else
                floor(
                    (
                        {{ months }}
                        - case
                            when {{ date_add_months(from_date, months) }} > {{ to_date }}
                                then 1
                            else 0
                        end
                    ) * 1.0 / interval_months
                )
        end as integer
    )
{%- endmacro %}


{# The day that is some billing intervals after another. #}
{% macro billing_cycles_later(from_date, cycles) -%}
    case
        when interval_days > 0
            then {{ date_add_days(from_date, "(" ~ cycles ~ ") * interval_days") }}
        else {{ date_add_months(from_date, "(" ~ cycles ~ ") * interval_months") }}
    end
{%- endmacro %}


{# The mean length of a billing interval in days: a month is a twelfth of 365.25 of them. #}
{% macro billing_cycle_days() -%}
    case when interval_days > 0 then interval_days * 1.0 else interval_months * 30.4375 end
{%- endmacro %}
