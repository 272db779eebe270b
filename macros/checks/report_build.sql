{# The last lines of a build: what came in, what was kept, and what to be careful of. #}
{% macro report_build(results) %}
    {%- if not execute or flags.WHICH not in ["build", "run"] or flags.EMPTY -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set built = {} -%}
    {%- for result in results if result.node.package_name == "customer_value" -%}
        {%- if result.status | string == "success" -%}
            {%- do built.update({result.node.alias: result.node.relation_name}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if "excluded_transactions" in built -%}
        {%- set rows = run_query(
            "select exclusion_reason, line_count, amount, identical_line_count from "
            ~ built["excluded_transactions"] ~ " where line_count > 0 order by line_count desc"
        ).rows -%}
        {%- for row in rows -%}
            {%- do log(
                "customer_value: " ~ "{:,}".format(row[1]) ~ " lines " ~ row[0]
                ~ ", amount " ~ "{:,.2f}".format(row[2])
                ~ (" (" ~ row[3] ~ " of them identical to another; kept, since no order_id or "
                ~ "line_id tells a duplicate from a second purchase)" if row[3] and row[0] == "kept" else ""),
                info=true
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if "model_warnings" in built -%}
        {%- set rows = run_query(
            "select sentence from " ~ built["model_warnings"]
            ~ " order by warning_code, subject"
        ).rows -%}
        {%- for row in rows -%}
            {%- do log("customer_value: warning: " ~ row[0], info=true) -%}
        {%- endfor -%}
        {%- if not rows -%}
            {%- do log("customer_value: nothing to warn of; see model_warnings", info=true) -%}
        {%- endif -%}
    {%- elif "model_fits" in built -%}
        {%- set rows = run_query(
            "select as_of_role, model, finding from " ~ built["model_fits"]
            ~ " order by as_of_role desc, model"
        ).rows -%}
        {%- for row in rows -%}
            {%- do log("customer_value: " ~ row[0] ~ " " ~ row[1] ~ ": " ~ row[2], info=true) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if customer_value.input_value("customer_attributes") and "attribute_coverage" in built -%}
        {%- set rows = run_query(
            "select attribute, customer_count, customer_share, unknown_row_count, is_grouping"
            ~ " from " ~ built["attribute_coverage"] ~ " order by attribute"
        ).rows -%}
        {%- for row in rows -%}
            {%- do log(
                "customer_value: attribute " ~ row[0] ~ ": a value for "
                ~ "{:,} customers ({:.1%}); {:,} rows of nobody in the log".format(
                    row[1], row[2], row[3]
                ) ~ ("" if row[4] else "; no grouping, since it needs 1 to "
                ~ customer_value.most_attribute_values() ~ " different values"),
                info=true
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for result in results if result.node.package_name == "customer_value" -%}
        {%- if result.node.alias == "publication" and result.status | string == "skipped" -%}
            {%- do log(
                "customer_value: not published, since something before it failed; readers keep "
                ~ "the version they have", info=true
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if "publication" in built and "published_marts" in built -%}
        {%- set rows = run_query(
            "select version, folder, count(*) from " ~ built["publication"]
            ~ " group by version, folder"
        ).rows -%}
        {%- for row in rows -%}
            {%- do log(
                "customer_value: published " ~ row[2] ~ " tables in " ~ row[1] ~ "/current, version "
                ~ row[0], info=true
            ) -%}
        {%- else -%}
            {%- set why = run_query(
                "select max(refusal) from " ~ built["published_marts"]
            ).columns[0][0] -%}
            {%- do log("customer_value: not published: " ~ why, info=true) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if var("service_activities") and "int_service_activities" in built -%}
        {%- set rows = run_query(
            "select coalesce(exclusion_reason, 'counted') as reason, count(*) as row_count from "
            ~ built["int_service_activities"] ~ " group by 1 order by 2 desc, 1"
        ).rows -%}
        {%- for row in rows -%}
            {%- do log(
                "customer_value: " ~ "{:,}".format(row[1]) ~ " service activities " ~ row[0],
                info=true
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
