{# The margin of a day: what came in less what it cost, or the gross_margin of it where no line
   says what it cost. #}
{% macro margin_of_day(prefix="") -%}
    case
        when {{ prefix }}net_cost is not null
            then {{ prefix }}net_amount - {{ prefix }}net_cost
        {#- A product of decimals is dear, and nothing changes where all is margin. #}
        {%- if var("gross_margin") == 1 %}
        else {{ prefix }}net_amount
        {%- else %}
        else {{ var("gross_margin") }} * {{ prefix }}net_amount
        {%- endif %}
    end
{%- endmacro %}
