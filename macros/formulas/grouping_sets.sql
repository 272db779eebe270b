{# Groups by one column with each of the others in turn, in one pass. #}
{% macro grouping_sets(column, others) -%}
    {%- set sets = [] -%}
    {%- for other in others -%}
        {%- do sets.append("(" ~ column ~ ", " ~ other ~ ")") -%}
    {%- endfor -%}
    grouping sets ({{ sets | join(", ") }})
{%- endmacro %}
