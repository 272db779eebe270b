{# Stops where a map names a column that the input lacks. #}
{% macro require_mapped_columns(map_name, input, names) %}
    {%- set there = names | map("lower") | list -%}
    {%- for standard, name in (var(map_name) or {}).items() -%}
        {%- if name | lower not in there -%}
            {{- exceptions.raise_compiler_error(
                map_name ~ " maps " ~ standard ~ " to " ~ name ~ ", and " ~ input
                ~ " has no such column; its columns are: " ~ names | join(", ") ~ "."
            ) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
