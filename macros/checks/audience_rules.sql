{# The audiences of the seed, name -> condition and ordering, each of which runs. They are data, so
   they are read once the seed is there: in a run, and neither when dbt compiles for other ends, such
   as its docs, nor in a unit test, which gives its own. #}
{% macro audience_rules() %}
    {%- set rules = {} -%}
    {%- if not execute or flags.WHICH not in ["build", "run"] -%}
        {{- return(rules) -}}
    {%- endif -%}
    {%- set customers = ref("customer_value__customers") -%}
    {%- set rows = run_query(
        "select audience, condition, ordering from " ~ ref("customer_value__audiences")
        ~ " where trim(condition) != '' order by audience"
    ).rows -%}
    {%- for row in rows -%}
        {%- set ordering = (row[2] or "") | trim -%}
        {%- set place = "The seed audiences has for " ~ row[0] ~ " the condition " ~ row[1]
            ~ (" and the ordering " ~ ordering if ordering else "") -%}
        {%- if modules.re.search(";|--|/[*]", row[1] ~ ordering) -%}
            {{- exceptions.raise_compiler_error(
                place ~ ": each must be one SQL expression, without a semicolon and comments."
            ) -}}
        {%- endif -%}
        {%- set columns = adapter.get_columns_in_relation(customers) -%}
        {%- do try_or_compiler_error(
            place ~ ", and it does not run: what the engine said is in the log of dbt; the columns "
            ~ "of customers are: " ~ columns | map(attribute="name") | join(", ") ~ ".",
            run_query,
            "select count(*) as customer_count from (select row_number() over (order by "
            ~ (ordering ~ ", " if ordering else "") ~ "customer_id) as place from " ~ customers
            ~ " where (" ~ row[1] ~ ")) as members"
        ) -%}
        {%- do rules.update({row[0]: {"condition": row[1], "ordering": ordering}}) -%}
    {%- endfor -%}
    {{- return(rules) -}}
{% endmacro %}
