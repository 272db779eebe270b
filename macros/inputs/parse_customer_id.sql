{# The id of a customer as text; null for nobody, the var missing_customer_ids, and for those who asked
   to be forgotten, the var erasure_requests. With the var customer_id_format email, case and blanks
   in an id mean nothing. #}
{% macro parse_customer_id(expression, is_forgetting=true) -%}
    {%- set id = customer_id_text(expression) -%}
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


{# A customer's id as text, whether it is somebody's or a word for nobody. #}
{% macro customer_id_text(expression) -%}
    {%- if var("customer_id_format") == "email" -%}
        lower({{ regexp_remove(parse_id(expression), "[ \t\u00a0]") }})
    {%- else -%}
        {{ parse_id(expression) }}
    {%- endif -%}
{%- endmacro %}


{# What is written where a line has no customer, for people to look at; null where it has one. The
   id of somebody who asked to be forgotten is shown to nobody. #}
{% macro missing_customer_word(customer_id, written) -%}
    case
        when {{ customer_id }} is null
            then
                {% if input_value("erasure_requests") -%}
                    case
                        when not {{ is_one_of(
                            "lower(" ~ customer_id_text(written) ~ ")",
                            var("missing_customer_ids")
                        ) }}
                            then '(forgotten)'
                        else {{ written }}
                    end
                {%- else -%}
                    {{ written }}
                {%- endif %}
    end
{%- endmacro %}
