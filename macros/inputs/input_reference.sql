{# The kind of thing that the value of an input var names, and its parts. #}
{% macro input_reference(value) %}
    {%- set value = (value or "") | trim -%}
    {%- set parts = value.split(":", 1) -%}
    {%- if value == "" -%}
        {{- return({"kind": "demo"}) -}}
    {%- elif parts[0] == "ref" and parts | length == 2 -%}
        {{- return({"kind": "ref", "parts": parts[1].strip().split(".")}) -}}
    {%- elif parts[0] == "source" and parts | length == 2 -%}
        {{- return({"kind": "source", "parts": parts[1].strip().split(".")}) -}}
    {%- elif modules.re.search("(?i)[/*]|[.](csv|tsv|txt|parquet|gz|zst|xlsx?|ods|json|jsonl|zip)$", value) -%}
        {{- return({
            "kind": "file",
            "path": value,
            "format": "parquet" if ".parquet" in value | lower else "csv",
        }) -}}
    {%- else -%}
        {{- return({"kind": "relation", "parts": value.split(".")}) -}}
    {%- endif -%}
{% endmacro %}
