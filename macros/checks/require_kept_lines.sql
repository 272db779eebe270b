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
    {%- set advice = {
        "missing_customer": "look at the column mapped to customer_id",
        "invalid_timestamp": "give the dates' date_format, such as %d/%m/%Y",
        "invalid_amount": "look at the column mapped to amount (a number, or text such as $1,234.56)",
        "future_dated": "as_of_date lies before the first transaction; give a later one",
        "unknown_currency": "add the currencies to the seed exchange_rates",
        "excluded_status": "shorten excluded_statuses",
        "excluded_product": "shorten excluded_products",
        "customer_without_purchase": "look at the signs of the amounts: a negative one is a return",
    } -%}
    {%- set first = counts.rows[0][0] -%}
    {{- exceptions.raise_compiler_error(
        "No line of " ~ input ~ " can be used (" ~ reasons | join(", ") ~ "): "
        ~ advice.get(first, "look at int_transactions_classified") ~ "."
    ) -}}
{% endmacro %}
