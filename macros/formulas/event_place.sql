{# 1 on the last event of a customer's membership of an audience, and 1 on the last of their being sent
   to: two histories in one log. #}
{% macro event_place() -%}
    row_number() over (
        partition by
            audience,
            customer_id,
            case when event in ('entered', 'exited') then 1 else 2 end
        order by event_number desc
    )
{%- endmacro %}
