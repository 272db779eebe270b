{# The relation that an input var names. An empty var is the demo, where the input has one, and no
   rows otherwise. #}
{% macro input_relation(input) %}
    {%- set reference = customer_value.input_reference(customer_value.input_value(input)) -%}
    {%- set demo_model = customer_value.input_specifications()[input].demo_model -%}
    {%- if reference.kind == "ref" -%}
        {{- return(ref(*reference.parts)) -}}
    {%- elif reference.kind == "source" -%}
        {{- return(source(*reference.parts)) -}}
    {%- elif reference.kind == "demo" and demo_model -%}
        {{- return(ref(demo_model)) -}}
    {%- elif reference.kind == "demo" -%}
        {%- set relation = "(select 1 as nobody) as nobodies" -%}
    {%- elif reference.kind == "file" -%}
        {%- set relation = customer_value.input_file(reference) -%}
    {%- else -%}
        {%- set relation = customer_value.input_table(reference) -%}
    {%- endif -%}
    {%- if reference.kind == "demo" or flags.EMPTY -%}
        {{- return("(select * from " ~ relation ~ " where 1 = 0) as input_rows") -}}
    {%- endif -%}
    {{- return(relation) -}}
{% endmacro %}


{# CSV is read as text, so that ids keep their leading zeros and no date is guessed. #}
{% macro input_file(reference) %}
    {%- set path = reference.path | replace("'", "''") -%}
    {%- if reference.format == "parquet" -%}
        {{- return("read_parquet('" ~ path ~ "', union_by_name = true)") -}}
    {%- endif -%}
    {{- return(
        "read_csv('" ~ path
        ~ "', all_varchar = true, header = true, union_by_name = true)"
    ) -}}
{% endmacro %}


{% macro input_table(reference) %}
    {%- set parts = reference.parts -%}
    {{- return(api.Relation.create(
        database=parts[-3] if parts | length > 2 else (target.database or none),
        schema=parts[-2] if parts | length > 1 else target.schema,
        identifier=parts[-1],
    )) -}}
{% endmacro %}
