{# Stops where line ids identify neither a line of the log nor one of its order: more than a
   hundredth of the lines have the id of another line and differ from it. #}
{% macro require_identifying_line_ids() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set counts = run_query(
        "select sum(case when exclusion_reason = 'conflicting_line' then line_count else 0 end), "
        ~ "sum(identified_line_count) from " ~ this
    ).rows[0] -%}
    {%- if not counts[0] or counts[0] * 100 <= counts[1] -%}{{- return("") -}}{%- endif -%}
    {#- The input's own columns are not asked for: where it is a model, this one does not know it. #}
    {%- set has_orders = run_query(
        "select count(order_id) from " ~ ref("int_customer_value__transactions_classified")
    ).rows[0][0] > 0 -%}
    {{- exceptions.raise_compiler_error(
        "The column mapped to line_id, "
        ~ (var("transaction_columns") or {}).get("line_id", "line_id")
        ~ ", has an id of another line " ~ ("of the order " if has_orders else "")
        ~ "in " ~ counts[0] ~ " of " ~ counts[1] ~ " lines, which differ from that line: it "
        ~ "must be unique in the log, or in its order (a line number, with order_id mapped). "
        ~ "Map another column, or leave line_id out of the var transaction_columns."
    ) -}}
{% endmacro %}


{# What line ids were found to be unique in. #}
{% macro report_line_ids(built) %}
    {%- if "int_line_totals" not in built or "int_transactions_classified" not in built -%}
        {{- return("") -}}
    {%- endif -%}
    {#- The hook at the end cannot ask for the columns of an input that a model builds. #}
    {%- if not run_query(
        "select sum(identified_line_count) from " ~ built["int_line_totals"]
    ).rows[0][0] -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set line_count, id_count = run_query(
        "select count(line_id), count(distinct line_id) from "
        ~ built["int_transactions_classified"] ~ " where exclusion_reason is null"
    ).rows[0] -%}
    {%- if not line_count -%}{{- return("") -}}{%- endif -%}
    {%- do customer_value.report_sentence(
        "line_id is unique in " ~ ("the log" if line_count == id_count else "its order, and a "
        ~ "line number: %s lines have %s different ids" | format(line_count, id_count))
    ) -%}
{% endmacro %}
