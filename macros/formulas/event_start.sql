{# The first day whose events are read again beside a table built before, as a query; null where nothing
   was kept. The last days are read again, since events come late. Behind an as-of date that moved
   back, kept events become future ones. #}
{% macro event_start(built, event_dates) -%}
select
    {{ customer_value.date_add_days(
        "least(max(built_events.event_date), max(dates.as_of_date))",
        -1 * var("event_lookback_days")
    ) }} as start_date
from {{ built }} as built_events
cross join {{ event_dates }} as dates
where built_events.exclusion_reason is null
{%- endmacro %}
