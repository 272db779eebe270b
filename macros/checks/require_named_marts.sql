{# dbt runs the tests of a mart before the publication only where the publication refers to it. #}
{% macro require_named_marts(named) %}
    {%- if not execute -%}{{- return("") -}}{%- endif -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == "model" and node.package_name == "customer_value"
        and node.config.access == "public" and node.alias not in named -%}
        {{- exceptions.raise_compiler_error(
            "public_marts does not name the public model " ~ node.alias ~ ", so that its tests "
            ~ "would not come before the publication: add it to the macro public_marts."
        ) -}}
    {%- endfor -%}
{% endmacro %}
