{# A bound of the 95 % interval of a share of `size` (Wilson 1927); the sign is - for the lower one. Rounding
   would take the bounds of none and of all a hair out of 0 to 1. #}
{% macro wilson_bound(share, size, sign) -%}
    case
        when {{ share }} is not null and {{ size }} > 0
            then
                {{ "greatest(0" if sign == "-" else "least(1" }}, (
                    {{ share }}
                    + 1.9207294103470 / {{ size }}
                    {{ sign }} 1.959963984540054
                    * sqrt(
                        {{ share }} * (1 - {{ share }}) / {{ size }}
                        + 0.96036470517350 / ({{ size }} * {{ size }})
                    )
                )
                / (1 + 3.8414588206940 / {{ size }}))
    end
{%- endmacro %}
