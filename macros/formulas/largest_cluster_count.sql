{# The most clusters that can be selected. A var that is no list of numbers counts as none
   here, while the project is read, so that validate_vars can say what is wrong with it. #}
{% macro largest_cluster_count() %}
    {%- set counts = [1] -%}
    {%- set given = var("cluster_counts") -%}
    {%- if given is iterable and given is not string -%}
        {%- for count in given if count is integer and count is not boolean -%}
            {%- do counts.append(count) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(counts | max) -}}
{% endmacro %}
