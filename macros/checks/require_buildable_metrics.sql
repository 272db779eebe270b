{# Stops a build with metrics in another project, while dbt parses: dbt-core 1.12 looks for the semantic
   model of a metric in the root project, whichever package the two are of, and then says that it is
   not in the graph. Parsing alone does not look, and MetricFlow reads what that writes. #}
{% macro require_buildable_metrics() %}
    {%- if var("semantic_layer") in ["metrics", "all"] and project_name != "customer_value"
        and dbt_version.split(".")[:2] == ["1", "12"] and flags.WHICH != "parse" -%}
        {{- exceptions.raise_compiler_error(
            "The var semantic_layer is " ~ var("semantic_layer") ~ ", and dbt-core 1.12 builds no "
            ~ "metrics of an installed package: take the var out of dbt_project.yml and, after a "
            ~ "build, write them for MetricFlow alone, by dbt parse --vars '{semantic_layer: "
            ~ var("semantic_layer") ~ "}'."
        ) -}}
    {%- endif -%}
{% endmacro %}
