{# Stops where no line of the input is kept, with a sentence that counts the reasons. #}
{% macro require_kept_lines() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- if run_query("select 1 from " ~ this ~ " where is_purchase_day limit 1").rows | length -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set reason = "coalesce(exclusion_reason, 'customer_without_purchase')" -%}
    {%- set counts = run_query(
        "select " ~ reason ~ " as reason, count(*) as line_count from "
        ~ ref("int_customer_value__transactions_classified") ~ " group by " ~ reason
        ~ " order by 2 desc, 1"
    ) -%}
    {%- set input = var("transactions") or "the demo input" -%}
    {%- set reasons = [] -%}
    {%- for row in counts.rows -%}
        {%- do reasons.append(row[1] | string ~ " " ~ row[0]) -%}
    {%- endfor -%}
    {%- if not reasons -%}
        {{- exceptions.raise_compiler_error(
            input ~ " has no rows, so there is nobody to score: point the var transactions "
            ~ "at a table with transactions in it."
        ) -}}
    {%- endif -%}
    {%- set first = counts.rows[0][0] -%}
    {{- exceptions.raise_compiler_error(
        "No line of " ~ input ~ " can be used (" ~ reasons | join(", ") ~ "): "
        ~ (customer_value.date_advice() if first == "invalid_timestamp"
            else customer_value.exclusion_advice().get(
                first, "look at int_transactions_classified"))
        ~ "."
    ) -}}
{% endmacro %}


{# What to do about dates that cannot be read: three of them, and the format they look like. #}
{% macro date_advice() %}
    {%- set rows = run_query(
        "select example_values from "
        ~ ref("int_customer_value__line_totals")
        ~ " where exclusion_reason = 'invalid_timestamp'"
    ).rows -%}
    {%- set examples = modules.re.findall('"([^"]*)"', rows[0][0] or "") if rows else [] -%}
    {%- set written = "they are written " ~ examples | join(", ") -%}
    {%- set given = var("date_format") -%}
    {%- set likely = customer_value.date_format_of(examples) -%}
    {%- set readings = [] -%}
    {%- for example in examples -%}
        {%- do readings.append(
            customer_value.parse_timestamp(customer_value.quoted_text(example)) ~ " is not null"
        ) -%}
    {%- endfor -%}
    {%- if examples and run_query(
        "select case when " ~ readings | join(" and ") ~ " then 1 else 0 end as is_read"
    ).columns[0][0] -%}
        {{- return(
            written ~ ", and a date outside 1900 to 2261 counts as no date: correct them"
        ) -}}
    {%- elif given and given in likely.split(" or ") -%}
        {{- return(
            written ~ ", which are not calendar dates in date_format " ~ given ~ ": correct them"
        ) -}}
    {%- elif given and likely.startswith("%Y-%m-%d") -%}
        {{- return(written ~ ", which is ISO 8601: leave date_format (" ~ given ~ ") empty") -}}
    {%- endif -%}
    {{- return(
        "give the dates' date_format"
        ~ ("; " ~ written if examples else "")
        ~ (", which looks like " ~ likely if likely else ", and it is made of letters such as "
        ~ "%d/%m/%Y")
    ) -}}
{% endmacro %}
