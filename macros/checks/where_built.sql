{# The SQL of a test that compares tables, or no rows where this build leaves one of them out: dbt
   selects such a test with any one of its tables, and the others may be old or not there at all.
   A retry builds what is left, so there the tables of the first try count, and so do those that the
   test names as `earlier`: what it stops reads them as they are, too. #}
{% macro where_built(earlier=[]) %}
    {%- set query = caller() -%}
    {%- set missing = [] -%}
    {%- if execute -%}
        {%- set is_retry = "retry" in invocation_args_dict.get("invocation_command", "").split() -%}
        {%- for node_id in model.depends_on.nodes
            if node_id in graph.nodes and node_id not in selected_resources -%}
            {%- set node = graph.nodes[node_id] -%}
            {%- if flags.WHICH == "build" and node.resource_type == "model" and not is_retry
                and node.alias not in earlier -%}
                {%- do missing.append(node.alias) -%}
            {%- elif flags.WHICH in ["build", "test"]
                and not adapter.get_relation(node.database, node.schema, node.alias) -%}
                {%- do missing.append(node.alias) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if missing -%}
        {{- log(
            model.name ~ " tested nothing, since this command did not build "
            ~ missing | sort | join(", ") ~ ".", info=true
        ) -}}
        select tested
        from (select 'nothing' as tested) as tests
        where 1 = 0
    {%- else -%}
        {{- query -}}
    {%- endif -%}
{% endmacro %}
