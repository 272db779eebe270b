{# The months, or the days, of a billing interval from its words or from a number of months; the var
   billing_interval where there are none, and null where neither says so or the words are
   unknown. `unit` is months or days, of which an interval has one. #}
{% macro parse_billing_interval(expression, unit) -%}
    {%- set word = "coalesce(lower(" ~ text_id(expression) ~ "), "
        ~ customer_value.quoted_text(var("billing_interval") or "") ~ ")" -%}
    case
        {%- for interval in customer_value.billing_intervals().values() if interval[unit] %}
        when {{ word }} in ('{{ interval.words | join("', '") }}') then {{ interval[unit] }}
        {%- endfor %}
        {%- if unit == "months" %}
        when
            {{ try_cast(word, "decimal(18, 6)") }} between 1 and 120
            and {{ try_cast(word, "decimal(18, 6)") }}
            = floor({{ try_cast(word, "decimal(18, 6)") }})
            then cast({{ try_cast(word, "decimal(18, 6)") }} as integer)
        {%- endif %}
    end
{%- endmacro %}
