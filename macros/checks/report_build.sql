{# The last lines of a build: what came in, what was kept, and what to be careful of. Each part
   reports on a table that this build wrote. #}
{% macro report_build(results) %}
    {%- if not execute or flags.WHICH not in ["build", "run"] or flags.EMPTY -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set built = {} -%}
    {%- for result in results
        if result.node.package_name == "customer_value"
        and result.status | string == "success" -%}
        {%- do built.update({result.node.alias: result.node.relation_name}) -%}
    {%- endfor -%}
    {%- do customer_value.report_failures(results) -%}
    {%- do customer_value.report_unloaded_seeds(results) -%}
    {%- do customer_value.report_rows(built) -%}
    {%- do customer_value.report_line_ids(built) -%}
    {%- do customer_value.report_warnings(built) -%}
    {%- do customer_value.report_attributes(built) -%}
    {%- do customer_value.report_leftover_marts() -%}
    {%- do customer_value.report_publication(built, results) -%}
{% endmacro %}


{% macro report_sentence(sentence) %}
    {%- do log("customer_value: " ~ sentence, info=true) -%}
{% endmacro %}


{# What our failed tests found, in words; dbt prints only how many rows. #}
{% macro report_failures(results) %}
    {%- for result in results
        if result.node.package_name == "customer_value"
        and result.node.resource_type == "test" and result.status | string == "fail" -%}
        {%- set found = run_query(
            "select * from (" ~ result.node.compiled_code ~ ") as failures limit 20"
        ) -%}
        {%- set sentences = [] -%}
        {%- for name in found.column_names if name | lower == "sentence" -%}
            {%- do sentences.extend(found.columns[name].values()) -%}
        {%- endfor -%}
        {%- if not sentences -%}
            {%- do sentences.append(
                customer_value.failure_sentence(result.node, result.failures, found)
            ) -%}
        {%- endif -%}
        {%- for sentence in sentences -%}
            {%- do customer_value.report_sentence("failed: " ~ sentence) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{# Which seeds the engine could not load, and how a seed is written. #}
{% macro report_unloaded_seeds(results) %}
    {%- for result in results
        if result.node.resource_type == "seed" and result.status | string == "error"
        and result.node.name.startswith("customer_value__") -%}
        {%- do customer_value.report_sentence(
            "failed: The seed " ~ result.node.alias ~ " cannot be loaded; the engine's message is "
            ~ "above. Separate its cells by commas, and write numbers without commas and with a "
            ~ "decimal point (1234.56). Where its columns have changed, build once with "
            ~ "--full-refresh."
        ) -%}
    {%- endfor -%}
{% endmacro %}


{# What a test holds, and what it found instead: the rule in words, how many rows, and the first of
   them. #}
{% macro failure_sentence(node, failure_count, found) %}
    {%- set of = node.test_metadata -%}
    {%- set arguments = of.kwargs if of else {} -%}
    {%- set nodes = [] -%}
    {%- for unique_id in [node.attached_node] + (node.depends_on.nodes | list)
        if unique_id and unique_id in graph.nodes -%}
        {%- do nodes.append(graph.nodes[unique_id].alias) -%}
    {%- endfor -%}
    {%- set table = nodes | first | default("a table", true) -%}
    {%- set column = table ~ "." ~ (node.column_name or "") -%}
    {%- set kind = of.name if of else "" -%}
    {%- set rule = {
        "not_null": column ~ " must not be empty",
        "unique": "no two rows of " ~ table ~ " may have the same " ~ (node.column_name or "key"),
        "accepted_values": column ~ " must be one of "
            ~ arguments.get("values", []) | join(", "),
        "accepted_range": column ~ " must lie between " ~ arguments.get("min_value", "anything")
            ~ " and " ~ arguments.get("max_value", "anything"),
        "relationships": column ~ " must be a " ~ arguments.get("field", "value")
            ~ " of " ~ nodes | last | default("its table", true),
        "unique_combination_of_columns": "no two rows of " ~ table ~ " may have the same "
            ~ arguments.get("combination_of_columns", []) | join(", "),
        "expression_is_true": "in every row of " ~ table ~ " it must hold that "
            ~ arguments.get("expression", ""),
    }.get(kind, node.name | replace("assert_", "") | replace("_", " ")) -%}
    {%- set cells = [] -%}
    {%- for row in (found.rows | list)[:1] -%}
        {%- for name in (found.column_names | list)[:6] -%}
            {%- do cells.append(name ~ " " ~ row[loop.index0]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(
        rule ~ (" (" ~ (node.description | trim) ~ ")" if node.description else "") ~ "; found "
        ~ failure_count ~ " that do not, such as " ~ cells | join(", ")
    ) -}}
{% endmacro %}


{# Rows of the inputs and their amount, kept or by the reason for leaving them out. Where another
   input has stopped the build, the lines of the log are still accounted for. #}
{% macro report_rows(built) %}
    {%- if "excluded_rows" in built -%}
        {%- set counts = "select input, exclusion_reason, row_count, amount, identical_line_count"
            ~ " from " ~ built["excluded_rows"] -%}
    {%- elif "int_line_totals" in built -%}
        {%- set counts = "select 'transactions' as input, exclusion_reason, line_count as row_count,"
            ~ " amount, identical_line_count from " ~ built["int_line_totals"] -%}
    {%- else -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set rows = run_query(
        "select * from (" ~ counts ~ ") as counts where row_count > 0"
        ~ " order by input desc, row_count desc, exclusion_reason desc"
    ).rows -%}
    {%- for input, reason, row_count, amount, identical_line_count in rows -%}
        {%- set identical = " (%s of them identical to another; kept, since no order_id or line_id "
            ~ "distinguishes a duplicate from a second purchase)" -%}
        {%- do customer_value.report_sentence(
            customer_value.counted(
                row_count, "lines" if input == "transactions" else input | replace("_", " ")
            )
            ~ " " ~ reason
            ~ (", amount " ~ customer_value.grouped_digits(amount, is_money=true)
                if amount is not none else "")
            ~ (identical | format(identical_line_count)
                if reason == "kept" and identical_line_count else "")
        ) -%}
    {%- endfor -%}
{% endmacro %}


{# The warnings; where they were not computed, what the fits found. #}
{% macro report_warnings(built) %}
    {%- if "model_warnings" in built -%}
        {%- set rows = run_query(
            "select sentence from " ~ built["model_warnings"] ~ " order by warning_code, subject"
        ).rows -%}
        {%- for row in rows -%}
            {%- do customer_value.report_sentence("warning: " ~ row[0]) -%}
        {%- else -%}
            {%- do customer_value.report_sentence("no warnings; see model_warnings") -%}
        {%- endfor -%}
    {%- elif "model_fits" in built -%}
        {%- set rows = run_query(
            "select as_of_role, model, finding from " ~ built["model_fits"]
            ~ " order by as_of_role desc, model"
        ).rows -%}
        {%- for as_of_role, model, finding in rows -%}
            {%- do customer_value.report_sentence(as_of_role ~ " " ~ model ~ ": " ~ finding) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{# Attributes, how many customers have a value, and whether the values make groups. #}
{% macro report_attributes(built) %}
    {%- if not customer_value.input_value("customer_attributes")
        or "attribute_coverage" not in built -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set rows = run_query(
        "select attribute, customer_count, customer_share, unknown_row_count, unused_row_count, is_grouping"
        ~ " from " ~ built["attribute_coverage"] ~ " order by attribute"
    ).rows -%}
    {%- for attribute, customer_count, customer_share, unknown_row_count, unused_row_count,
        is_grouping in rows -%}
        {%- do customer_value.report_sentence(
            "attribute " ~ attribute ~ ": a value for "
            ~ customer_value.counted(customer_count, "customers") ~ " ("
            ~ ("%.1f" | format(100 * (customer_share | string | float))) ~ "%); "
            ~ customer_value.counted(unknown_row_count, "rows") ~ " of unknown customers"
            ~ ("; " ~ customer_value.counted(unused_row_count, "rows")
                ~ " replaced, dated later, or without a date that can be read"
                if unused_row_count else "")
            ~ ("" if is_grouping else "; no grouping, since it needs 1 to "
            ~ customer_value.most_attribute_values() ~ " different values, or numbers alone")
        ) -%}
    {%- endfor -%}
{% endmacro %}


{# What readers have now, or why it is what they had before. #}
{% macro report_publication(built, results) %}
    {%- for result in results
        if result.node.package_name == "customer_value"
        and result.node.alias == "publication" and result.status | string == "skipped" -%}
        {%- do customer_value.report_sentence(
            "not published, because an earlier node failed; readers keep the version they have"
        ) -%}
    {%- endfor -%}
    {%- if "publication" not in built or "published_marts" not in built -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set rows = run_query(
        "select version, folder, count(*) as table_count from " ~ built["publication"]
        ~ " group by version, folder"
    ).rows -%}
    {%- for version, folder, table_count in rows -%}
        {%- do customer_value.report_sentence(
            "published " ~ table_count ~ " tables in " ~ folder ~ "/current, version " ~ version
        ) -%}
    {%- else -%}
        {%- set why = run_query(
            "select max(refusal) from " ~ built["published_marts"]
        ).columns[0][0] -%}
        {%- do customer_value.report_sentence("not published: " ~ why) -%}
    {%- endfor -%}
{% endmacro %}


{# Names the public tables of capabilities that are off: an earlier build made them, and nothing
   keeps them up to date. #}
{% macro report_leftover_marts() %}
    {%- set built = customer_value.built_marts() -%}
    {%- set schema = customer_value.generate_schema_name(none, none) | trim -%}
    {%- set leftover = [] -%}
    {%- for marts in customer_value.public_marts().values() -%}
        {%- for mart in marts if mart not in built
            and adapter.get_relation(target.database, schema, mart) -%}
            {%- do leftover.append(mart) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if leftover -%}
        {%- do customer_value.report_sentence(
            "warning: the var modules leaves out " ~ leftover | sort | join(", ") ~ ", which an "
            ~ "earlier build left in " ~ schema ~ "; they are no longer kept up to date: drop them, or "
            ~ "add their capability"
        ) -%}
    {%- endif -%}
{% endmacro %}
