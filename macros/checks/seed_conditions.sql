{# The conditions over the columns of customers that a seed brings, name -> condition, and ordering
   where the seed has such a column; each of them runs. They are data, so they are read once the seed
   is there: in a run, and neither when dbt compiles for other ends, such as its docs, nor in a unit
   test, which gives its own. #}
{% macro seed_conditions(seed, key, ordering=none) %}
    {%- set found = {} -%}
    {%- if not execute or flags.WHICH not in ["build", "run"] -%}
        {{- return(found) -}}
    {%- endif -%}
    {%- set customers = ref("customer_value__customers") -%}
    {%- set rows = run_query(
        "select " ~ key ~ ", condition, " ~ (ordering or "''") ~ " from "
        ~ ref("customer_value__" ~ seed) ~ " where trim(condition) != '' order by " ~ key
    ).rows -%}
    {%- set columns = adapter.get_columns_in_relation(customers) | map(attribute="name")
        | join(", ") if rows -%}
    {%- for name, condition, given_order in rows -%}
        {%- set order = (given_order or "") | trim -%}
        {%- set place = "The seed " ~ seed ~ " has for " ~ name ~ " the condition " ~ condition
            ~ (" and the ordering " ~ order if order else "") -%}
        {%- if modules.re.search(";|--|/[*]", condition ~ order) -%}
            {{- exceptions.raise_compiler_error(
                place ~ (": each must be one SQL expression" if ordering
                    else ": it must be one SQL condition")
                ~ ", without semicolons or comments."
            ) -}}
        {%- endif -%}
        {%- do try_or_compiler_error(
            place ~ ", and it does not run: the engine's message is in the log of dbt; the columns "
            ~ "of customers are: " ~ columns ~ ".",
            run_query,
            "select count(*) as customer_count from (select row_number() over (order by "
            ~ (order ~ ", " if order else "") ~ "customer_id) as place from " ~ customers
            ~ " where (" ~ condition ~ ")) as members"
        ) -%}
        {#- An engine that takes a number for a condition takes all but 0 for true. -#}
        {%- set truths = run_query(
            "select (" ~ condition ~ ") as is_met from " ~ customers ~ " where (" ~ condition
            ~ ") is not null limit 1"
        ).columns[0].values() -%}
        {%- if truths and truths[0] is not boolean -%}
            {{- exceptions.raise_compiler_error(
                place ~ ", which is neither true nor false for a customer: compare it with a value, as "
                ~ "in order_count >= 2."
            ) -}}
        {%- endif -%}
        {%- do found.update({name: {"condition": condition, "ordering": order}}) -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}
