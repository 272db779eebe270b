{# At the start of a command, stops with one sentence where an input cannot be read as mapped. #}
{% macro validate_inputs() %}
    {%- for input in customer_value.input_specifications() -%}
        {{- customer_value.validate_input(input) -}}
        {%- if input in customer_value.switching_inputs("subscriptions") -%}
            {{- customer_value.require_billing_interval(input) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{# The same for one input; staging calls it again, for an input that another model builds. #}
{% macro validate_input(input, is_staging=false) %}
    {%- set names = customer_value.readable_input_columns(input, is_staging) -%}
    {%- if not names -%}{{- return("") -}}{%- endif -%}
    {%- set specification = customer_value.input_specifications()[input] -%}
    {%- set value = customer_value.input_value(input) -%}
    {%- set listing = "its columns are: " ~ names | join(", ") ~ "." -%}
    {%- set there = names | map("lower") | list -%}
    {%- for standard, name in (var(specification.map) or {}).items()
        if name | lower not in there -%}
        {{- exceptions.raise_compiler_error(
            specification.map ~ " maps " ~ standard ~ " to " ~ name ~ ", and " ~ value
            ~ " has no such column; " ~ listing
        ) -}}
    {%- endfor -%}
    {%- set columns = customer_value.input_map(input) -%}
    {%- set missing = [] -%}
    {%- for name, column in specification.columns.items()
        if column.is_required and name not in columns -%}
        {%- if not column.instead -%}
            {%- do missing.append(name) -%}
        {%- elif column.instead | reject("in", columns) | list -%}
            {%- do missing.append(name ~ " (or " ~ column.instead | join(" and ") ~ ")") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if missing -%}
        {{- exceptions.raise_compiler_error(
            value ~ " has " ~ specification.absence | format(missing | join(" and "))
            ~ " in the var " ~ specification.map ~ "; " ~ listing
        ) -}}
    {%- elif specification.other_columns and columns | length == 1 -%}
        {{- exceptions.raise_compiler_error(
            value ~ " has no attribute beside the customer; " ~ listing
        ) -}}
    {%- endif -%}
    {%- for name in specification.reserved_names or [] if name in columns -%}
        {{- exceptions.raise_compiler_error(
            "An attribute cannot be called " ~ name ~ ", which is a grouping already: give "
            ~ "it another name in the var " ~ specification.map ~ "."
        ) -}}
    {%- endfor -%}
{% endmacro %}
