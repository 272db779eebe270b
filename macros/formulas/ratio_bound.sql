{# A bound of the 95 % interval of the ratio of two shares, a part of a whole each (Katz 1978), with the
   half a case of Walter (1975), which gives a part of nobody one too; the sign is - for the lower
   one. #}
{% macro ratio_bound(part, whole, other_part, other_whole, sign) -%}
    exp(
        ln(({{ part }} + 0.5) / ({{ whole }} + 0.5))
        - ln(({{ other_part }} + 0.5) / ({{ other_whole }} + 0.5))
        {{ sign }} 1.959963984540054
        * sqrt(
            1 / ({{ part }} + 0.5)
            - 1 / ({{ whole }} + 0.5)
            + 1 / ({{ other_part }} + 0.5)
            - 1 / ({{ other_whole }} + 0.5)
        )
    )
{%- endmacro %}
