{# Why this command must not publish, as a sentence; empty where it may. dbt runs the tests of a
   model's ancestors before the model, and skips the model where one fails; but a command may leave
   tests out, so here all of them have to be selected. #}
{% macro publication_refusal(command) %}
    {%- if not execute -%}{{- return("") -}}{%- endif -%}
    {%- if command != "build" -%}
        {{- return("dbt " ~ command ~ " does not test what it builds; dbt build publishes") -}}
    {%- endif -%}
    {%- if var("published_path") == "auto" and not modules.re.match(
        "^(?!md:|motherduck:|ducklake:|:memory:).", target.path
    ) -%}
        {{- return(
            "published_path is auto, a folder beside the database, and this database is not a file"
        ) -}}
    {%- endif -%}
    {%- if flags.EMPTY or flags.SAMPLE -%}
        {{- return("an empty or sampled build is not for readers") -}}
    {%- endif -%}
    {%- set own = "model.customer_value." -%}
    {%- set after = [own ~ "customer_value__published_marts", own ~ "customer_value__publication"] -%}
    {%- set left_out = [] -%}
    {#- A test of a model that is off has nothing to test. #}
    {%- for node in graph.nodes.values() if node.package_name == "customer_value"
        and node.resource_type in ["model", "seed", "snapshot", "test"]
        and node.unique_id not in selected_resources and node.unique_id not in after
        and not node.depends_on.nodes | select("in", after) | list
        and (not node.attached_node or node.attached_node in graph.nodes) -%}
        {%- do left_out.append(node.name) -%}
    {%- endfor -%}
    {%- if left_out -%}
        {{- return(
            "this command left out " ~ left_out | length ~ " of the models and tests, such as "
            ~ left_out | sort | first ~ "; a whole dbt build publishes"
        ) -}}
    {%- endif -%}
    {{- return("") -}}
{% endmacro %}
