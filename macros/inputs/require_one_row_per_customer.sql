{# Stops where a customer has several rows, since no rule could choose among them. #}
{% macro require_one_row_per_customer() %}
    {%- if not execute or flags.EMPTY or not customer_value.input_value("customer_attributes") -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set found = run_query(
        "select count(distinct customer_id), min(customer_id) from ("
        ~ "select customer_id from " ~ this
        ~ " where customer_id is not null group by customer_id, attribute"
        ~ " having count(*) > 1) as repeated"
    ).rows[0] -%}
    {%- if found[0] -%}
        {{- exceptions.raise_compiler_error(
            customer_value.input_value("customer_attributes") ~ " has more than one row for "
            ~ ("a customer, " if found[0] == 1 else found[0] ~ " customers, the first of them ")
            ~ found[1] ~ ": the var customer_attributes needs one row per customer."
        ) -}}
    {%- endif -%}
{% endmacro %}
