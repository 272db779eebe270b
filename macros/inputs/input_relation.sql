{% macro input_relation(var_name, demo_model) %}
    {%- set reference = customer_value.input_reference(customer_value.input_value(var_name)) -%}
    {%- if reference.kind == "demo" -%}
        {{- return(ref(demo_model)) -}}
    {%- elif reference.kind == "ref" -%}
        {{- return(ref(*reference.parts)) -}}
    {%- elif reference.kind == "source" -%}
        {{- return(source(*reference.parts)) -}}
    {%- endif -%}
    {%- if reference.kind == "file" -%}
        {%- set relation = customer_value.input_file(reference) -%}
    {%- else -%}
        {%- set relation = customer_value.input_table(reference) -%}
    {%- endif -%}
    {%- if flags.EMPTY -%}
        {{- return("(select * from " ~ relation ~ " where false) as input_rows") -}}
    {%- endif -%}
    {{- return(relation) -}}
{% endmacro %}


{# CSV comes as text, so that ids keep their leading zeros and no date is guessed. #}
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
