{# What the value of an input var names: the kind and its parts. #}
{% macro input_reference(value) %}
    {%- set value = (value or "") | trim -%}
    {%- set parts = value.split(":", 1) -%}
    {%- if value == "" -%}
        {{- return({"kind": "demo"}) -}}
    {%- elif parts[0] == "ref" and parts | length == 2 -%}
        {{- return({"kind": "ref", "parts": parts[1].strip().split(".")}) -}}
    {%- elif parts[0] == "source" and parts | length == 2 -%}
        {{- return({"kind": "source", "parts": parts[1].strip().split(".")}) -}}
    {%- elif modules.re.search("[/*]|[.](csv|tsv|txt|parquet|gz|zst)$", value) -%}
        {{- return({
            "kind": "file",
            "path": value,
            "format": "parquet" if ".parquet" in value else "csv",
        }) -}}
    {%- else -%}
        {{- return({"kind": "relation", "parts": value.split(".")}) -}}
    {%- endif -%}
{% endmacro %}


{# The value of an input var; with the demo Complete Journey the model that reads the
   demo's part where the var is empty, as long as no transactions of one's own are named. #}
{% macro input_value(var_name) %}
    {%- set value = (var(var_name) or "") | trim -%}
    {%- if value == "" and customer_value.is_complete_journey()
        and var_name in ["transactions", "customer_attributes", "campaign_contacts"] -%}
        {{- return("ref:demo_customer_value__complete_journey_" ~ var_name) -}}
    {%- endif -%}
    {{- return(value) -}}
{% endmacro %}


{% macro is_complete_journey() %}
    {{- return(
        var("demo") == "complete_journey" and (var("transactions") or "") | trim == ""
    ) -}}
{% endmacro %}


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


{# The input's columns, name -> type; none where it does not exist (yet), and while parsing,
   when dbt notes that whoever asks for them depends on the table. #}
{% macro input_column_types(var_name, demo_model) %}
    {%- set reference = customer_value.input_reference(customer_value.input_value(var_name)) -%}
    {%- set types = {} -%}
    {%- if not execute -%}
        {%- do customer_value.input_relation(var_name, demo_model) -%}
        {{- return(types) -}}
    {%- endif -%}
    {%- if reference.kind == "file" -%}
        {%- set described = run_query(
            "describe select * from " ~ customer_value.input_file(reference)
        ) -%}
        {%- for row in described.rows -%}
            {%- do types.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {{- return(types) -}}
    {%- endif -%}
    {%- if reference.kind == "relation" -%}
        {%- set relation = customer_value.input_table(reference) -%}
    {%- else -%}
        {%- set relation = customer_value.input_relation(var_name, demo_model) -%}
    {%- endif -%}
    {%- set found = adapter.get_relation(
        relation.database, relation.schema, relation.identifier
    ) -%}
    {%- if found -%}
        {%- for column in adapter.get_columns_in_relation(found) -%}
            {%- do types.update({column.name: column.dtype}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(types) -}}
{% endmacro %}


{# The names of the input's columns. #}
{% macro input_columns(var_name, demo_model) %}
    {{- return(customer_value.input_column_types(var_name, demo_model) | list) -}}
{% endmacro %}
