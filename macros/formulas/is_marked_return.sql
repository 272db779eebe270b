{# Whether a line is a return whatever the sign of its amount: it is flagged, or its order id has the
   prefix of returns. #}
{% macro is_marked_return(is_flagged_return, order_id) -%}
    {%- set prefix = (var("return_order_prefix") or "") | string -%}
    coalesce({{ is_flagged_return }}, false)
    {%- if prefix %}
        or coalesce(
            substr({{ order_id }}, 1, {{ prefix | length }})
            = {{ customer_value.quoted_text(prefix) }},
            false
        )
    {%- endif %}
{%- endmacro %}
