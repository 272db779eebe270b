{# The id of a customer as text; null for nobody, the var missing_customer_ids, and for those who asked
   to be forgotten, the var erasure_requests. With the var customer_id_format email, case and blanks
   in an id mean nothing. #}
{% macro parse_customer_id(expression, is_forgetting=true) -%}
    {%- set id = parse_id(expression) -%}
    {%- if var("customer_id_format") == "email" -%}
        {%- set id = "lower(" ~ regexp_remove(id, "[ \t\u00a0]") ~ ")" -%}
    {%- endif -%}
    case
        when
            not {{ is_one_of("lower(" ~ id ~ ")", var("missing_customer_ids")) }}
            {%- if is_forgetting and input_value("erasure_requests") %}
            and {{ id }} not in (
                select customer_id from {{ ref("stg_customer_value__erasure_requests") }}
            )
            {%- endif %}
            then {{ id }}
    end
{%- endmacro %}
