{# A sentence where two inputs tell of the subscriptions. #}
{% macro wrong_subscriptions() %}
    {%- set named = [] -%}
    {%- for input in customer_value.switching_inputs("subscriptions") if customer_value.input_value(input) -%}
        {%- do named.append(input) -%}
    {%- endfor -%}
    {%- if named | length > 1 -%}
        {{- return([
            "The vars " ~ named | join(" and ") ~ " are both given, and each must contain all "
            ~ "subscriptions: name only one."
        ]) -}}
    {%- endif -%}
    {{- return([]) -}}
{% endmacro %}


{# Stops where nothing says how often the subscriptions of an input are billed: it is never inferred
   from the dates. Called at the start of a command, and in staging. #}
{% macro require_billing_interval(input, is_staging=false) %}
    {%- if var("billing_interval")
        or not customer_value.readable_input_columns(input, is_staging) -%}
        {{- return("") -}}
    {%- endif -%}
    {%- if "billing_interval" not in customer_value.input_map(input) -%}
        {{- exceptions.raise_compiler_error(
            customer_value.input_value(input) ~ " has no column billing_interval, and the var "
            ~ "billing_interval is empty: map the column, or set the var to one of "
            ~ customer_value.billing_intervals() | join(", ") ~ "."
        ) -}}
    {%- endif -%}
{% endmacro %}


{# Post-hook of int_subscription_lines: stops where the amounts are in several currencies, or where
   no line says that somebody paid. #}
{% macro require_paid_lines() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set input = customer_value.subscription_input() -%}
    {%- set currencies = run_query(
        "select distinct currency from " ~ this ~ " where currency is not null order by currency"
    ).columns[0].values() -%}
    {%- if currencies | length > 1 -%}
        {{- exceptions.raise_compiler_error(
            customer_value.input_value(input) ~ " has amounts in several currencies ("
            ~ currencies | join(", ") ~ "), which cannot be added up: convert them first."
        ) -}}
    {%- endif -%}
    {%- set counts = run_query(
        "select coalesce(exclusion_reason, 'free of charge') as reason, count(*) as row_count,"
        ~ " sum(case when exclusion_reason is null and amount > 0 then 1 else 0 end)"
        ~ " as paid_count from " ~ this ~ " group by 1 order by 2 desc, 1"
    ).rows -%}
    {%- set reasons = [] -%}
    {%- for reason, row_count, paid_count in counts -%}
        {%- if paid_count -%}{{- return("") -}}{%- endif -%}
        {%- do reasons.append(row_count ~ " " ~ reason) -%}
    {%- endfor -%}
    {{- exceptions.raise_compiler_error(
        "No line of " ~ customer_value.input_value(input) ~ " shows a payment ("
        ~ (reasons | join(", ") or "it has no rows") ~ "): "
        ~ customer_value.exclusion_advice().get(
            counts[0][0] if reasons else "", "look at the columns that the var "
            ~ customer_value.input_specifications()[input].map ~ " maps"
        ) ~ "."
    ) -}}
{% endmacro %}


{# The input that tells of the subscriptions. #}
{% macro subscription_input() %}
    {%- for input in customer_value.switching_inputs("subscriptions")
        if customer_value.input_value(input) -%}
        {{- return(input) -}}
    {%- endfor -%}
    {{- return("subscriptions") -}}
{% endmacro %}


{# The days in which a late payment still counts as a renewal. A ledger of changes says itself when
   the revenue ends, so that it has none: its running sum is the MRR. #}
{% macro subscription_grace_days() %}
    {%- if customer_value.subscription_input() == "subscription_changes" -%}
        {{- return(0) -}}
    {%- endif -%}
    {{- return(var("subscription_grace_days")) -}}
{% endmacro %}
