{# Takes those who asked to be forgotten out of a table that keeps what cannot be built again; all
   others are built anew without them. A pre-hook. #}
{% macro forget_erased() -%}
    {%- if input_value("erasure_requests") -%}
        {%- set erased = ref("stg_customer_value__erasure_requests") -%}
        {%- if execute and load_relation(this) -%}
            delete from {{ this }} where customer_id in (select customer_id from {{ erased }})
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
