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


{# The same columns out of rows (metric, score, from_value): of the distribution the first value
   with a score of at least that (of recency, where few days score high, at most that), of the
   seed the value itself. #}
{% macro score_boundaries(is_distribution) -%}
    {%- set columns = [] -%}
    {%- for metric in ["recency_days", "order_count", "net_revenue"] -%}
        {%- for score in range(1, 6) -%}
            {%- set reached = "=" -%}
            {%- if is_distribution -%}
                {%- set reached = "<=" if metric == "recency_days" else ">=" -%}
            {%- endif -%}
            {%- set value = "min(case when metric = '" ~ metric ~ "' and score " ~ reached ~ " "
                ~ score ~ " then from_value end)" -%}
            {%- if is_distribution and metric != "net_revenue" -%}
                {%- set value = "cast(" ~ value ~ " as bigint)" -%}
            {%- endif -%}
            {%- do columns.append(value ~ " as " ~ metric ~ "_from_" ~ score) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ columns | join(",\n        ") }}
{%- endmacro %}
