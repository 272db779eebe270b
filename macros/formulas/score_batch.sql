{# The batch, of about 100,000 of so many customers, in which Python scores a customer. #}
{% macro score_batch(customer_id, customer_count) -%}
    cast(
        floor(
            {{ hash_unit("concat('batch|', " ~ customer_id ~ ")") }}
            * ceil({{ customer_count }} / 100000.0)
        ) as {{ dbt.type_int() }}
    )
{%- endmacro %}
