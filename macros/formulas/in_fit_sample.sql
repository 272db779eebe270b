{# True for the customers a model is fitted on: all of them up to fit_customer_limit,
   above it those whose md5 falls below the share that leaves at most that many (four
   standard deviations under the limit, so that chance does not carry it over). #}
{% macro in_fit_sample(customer_id, customer_count) -%}
    {%- set limit = var("fit_customer_limit") -%}
    {%- set aim = limit - 4 * limit ** 0.5 -%}
    (
        {{ customer_count }} <= {{ limit }}
        or (
            -- A share below a sixteenth begins with a zero: only such become numbers.
            ({{ customer_count }} < 16 * {{ aim | round(1) }} or {{ dbt.hash(customer_id) }} < '1')
            and {{ hash_unit(customer_id) }} < {{ aim | round(1) }} / {{ customer_count }}
        )
    )
{%- endmacro %}
