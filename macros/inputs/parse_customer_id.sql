{# The id of a customer as text; null for nobody, the var missing_customer_ids. With the var
   customer_id_format email, case and blanks in an id mean nothing. #}
{% macro parse_customer_id(expression) -%}
    {%- set id = parse_id(expression) -%}
    {%- if var("customer_id_format") == "email" -%}
        {%- set id = "lower(" ~ regexp_remove(id, "[ \t\u00a0]") ~ ")" -%}
    {%- endif -%}
    case
        when
            lower({{ id }}) not in ({{ quoted_words(var("missing_customer_ids")) }})
            then {{ id }}
    end
{%- endmacro %}
