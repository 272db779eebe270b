{# The input's column as SQL, out of its map; a null of text where it is not mapped. #}
{% macro input_column(columns, name) %}
    {%- if name in columns -%}
        {{- return(adapter.dispatch("quoted_name", "customer_value")(columns[name])) -}}
    {%- endif -%}
    {{- return("cast(null as " ~ dbt.type_string() ~ ")") -}}
{% endmacro %}

{# Where quoting a name makes its case count, quote only what needs it. #}
{% macro default__quoted_name(name) %}
    {%- if modules.re.match("^[A-Za-z_][A-Za-z0-9_]*$", name) -%}
        {{- return(name) -}}
    {%- endif -%}
    {{- return(adapter.quote(name)) -}}
{% endmacro %}

{% macro duckdb__quoted_name(name) %}
    {{- return(adapter.quote(name)) -}}
{% endmacro %}
