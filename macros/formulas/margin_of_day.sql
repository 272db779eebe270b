{# The margin of a day: what came in less what it cost, or the gross_margin of it where no line
   says what it cost. #}
{% macro margin_of_day(prefix="") -%}
    case
        when {{ prefix }}net_cost is not null
            then {{ prefix }}net_amount - {{ prefix }}net_cost
        else {{ var("gross_margin") }} * {{ prefix }}net_amount
    end
{%- endmacro %}
