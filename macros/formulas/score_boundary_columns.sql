{# The columns of int_score_boundaries, the values on which the scores begin. #}
{% macro score_boundary_columns() -%}
    {%- set columns = [] -%}
    {%- for metric in ["recency_days", "order_count", "net_revenue"] -%}
        {%- for score in range(1, 6) -%}
            {%- do columns.append(metric ~ "_from_" ~ score) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ columns | join(",\n        ") }}
{%- endmacro %}
