{# A share as people write it: 0.05 is 5 %, 0.125 is 12.5 %. #}
{% macro percent_text(share) -%}
    {%- set percent = (100 * share) | round(6) -%}
    {{- return((percent | int if percent == percent | int else percent) ~ " %") -}}
{%- endmacro %}
