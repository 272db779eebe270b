{# A bound of the 95 % interval of a share of `size` (Wilson 1927); the sign is - for the lower one. #}
{% macro wilson_bound(share, size, sign) -%}
    (
        {{ share }}
        + 1.9207294103470 / nullif({{ size }}, 0)
        {{ sign }} 1.959963984540054
        * sqrt(
            {{ share }} * (1 - {{ share }}) / nullif({{ size }}, 0)
            + 0.96036470517350 / nullif({{ size }} * {{ size }}, 0)
        )
    )
    / (1 + 3.8414588206940 / nullif({{ size }}, 0))
{%- endmacro %}
