{# The conditions of the seed interventions, name -> SQL, each of which runs. They are data, so
   they are read once the seed is there: in a run, and neither when dbt compiles for other
   ends, such as its docs, nor in a unit test, which gives its own. #}
{% macro intervention_conditions() %}
    {%- set conditions = {} -%}
    {%- if not execute or flags.WHICH not in ["build", "run"] -%}
        {{- return(conditions) -}}
    {%- endif -%}
    {%- set customers = ref("customer_value__customers") -%}
    {%- set rows = run_query(
        "select intervention, condition from " ~ ref("customer_value__interventions")
        ~ " where trim(condition) != '' order by intervention"
    ).rows -%}
    {%- for row in rows -%}
        {%- set place = "The seed interventions has for " ~ row[0] ~ " the condition " ~ row[1] -%}
        {%- if modules.re.search(";|--|/[*]", row[1]) -%}
            {{- exceptions.raise_compiler_error(
                place ~ ": it must be one SQL condition, without a semicolon and comments."
            ) -}}
        {%- endif -%}
        {%- set columns = adapter.get_columns_in_relation(customers) -%}
        {%- do try_or_compiler_error(
            place ~ ", and it does not run: what the engine said is in the log of dbt; the columns "
            ~ "of customers are: " ~ columns | map(attribute="name") | join(", ") ~ ".",
            run_query,
            "select count(*) as customer_count from " ~ customers ~ " where (" ~ row[1] ~ ")"
        ) -%}
        {%- do conditions.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{- return(conditions) -}}
{% endmacro %}
