{# Stops a build with metrics in another project, while dbt parses: dbt-core 1.12 looks for the semantic
   model of a metric in the root project, even where both belong to a package, and does not find it.
   `dbt parse` does not look for it, and writes the file that MetricFlow reads. #}
{% macro require_buildable_metrics() %}
    {%- if var("semantic_layer") in ["metrics", "all"] and project_name != "customer_value"
        and dbt_version.split(".")[:2] == ["1", "12"] and flags.WHICH != "parse" -%}
        {{- exceptions.raise_compiler_error(
            "The var semantic_layer is " ~ var("semantic_layer") ~ ", and dbt-core 1.12 cannot "
            ~ "build the metrics of an installed package: remove the var from dbt_project.yml and, "
            ~ "after a build, write them for MetricFlow by dbt parse --vars '{semantic_layer: "
            ~ var("semantic_layer") ~ "}'."
        ) -}}
    {%- endif -%}
{% endmacro %}
