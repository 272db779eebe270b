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
        {%- set relation = customer_value.input_file(input, reference) -%}
    {%- else -%}
        {%- set relation = customer_value.input_table_name(reference) -%}
    {%- endif -%}
    {%- if reference.kind == "demo" or flags.EMPTY -%}
        {{- return("(select * from " ~ relation ~ " where 1 = 0) as input_rows") -}}
    {%- endif -%}
    {{- return(relation) -}}
{% endmacro %}


{# A file or glob as something to select from. #}
{% macro input_file(input, reference) %}
    {%- set path = customer_value.quoted_text(reference.path) -%}
    {%- if reference.format == "parquet" -%}
        {{- return("read_parquet(" ~ path ~ ", union_by_name = true)") -}}
    {%- endif -%}
    {%- set files = customer_value.csv_files(input, reference) if execute else [] -%}
    {%- if files | selectattr("names") | list -%}
        {{- return(customer_value.csv_relation(files)) -}}
    {%- endif -%}
    {{- return("read_csv(" ~ path ~ ", all_varchar = true, header = true)") -}}
{% endmacro %}


{# A table, in the target's schema and database where it is named without them. #}
{% macro input_table(reference) %}
    {%- set parts = reference.parts -%}
    {{- return(api.Relation.create(
        database=parts[-3] if parts | length > 2 else (target.database or none),
        schema=parts[-2] if parts | length > 1 else target.schema,
        identifier=parts[-1],
    )) -}}
{% endmacro %}


{# The same as SQL: dbt renders a relation without doubling the quotes in its names. #}
{% macro input_table_name(reference) %}
    {%- set table = customer_value.input_table(reference) -%}
    {%- if not modules.re.search("[\"`]", reference.parts | join) -%}
        {{- return(table) -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for name in [table.database, table.schema, table.identifier] if name -%}
        {%- do names.append(customer_value.quoted_name(name)) -%}
    {%- endfor -%}
    {{- return(names | join(".")) -}}
{% endmacro %}
