{# Stops with one sentence where the customer attributes cannot be read as mapped. #}
{% macro validate_customer_attributes_input(is_staging=false) %}
    {%- set names = customer_value.readable_input_columns(
        "customer_attributes", none, is_staging
    ) -%}
    {%- if names -%}
        {{- customer_value.require_attribute_columns(
            customer_value.input_value("customer_attributes"), names
        ) -}}
    {%- endif -%}
{% endmacro %}


{% macro require_attribute_columns(input, names) %}
    {{- customer_value.require_mapped_columns("customer_attribute_columns", input, names) -}}
    {%- set attributes = customer_value.customer_attribute_map().keys() | list -%}
    {%- set listing = names | join(", ") -%}
    {%- if "customer_id" not in attributes -%}
        {{- exceptions.raise_compiler_error(
            input ~ " has no column customer_id: name yours in the var "
            ~ "customer_attribute_columns; its columns are: " ~ listing ~ "."
        ) -}}
    {%- elif attributes | length == 1 -%}
        {{- exceptions.raise_compiler_error(
            input ~ " has no attribute beside the customer; its columns are: " ~ listing
            ~ "."
        ) -}}
    {%- endif -%}
    {%- for name in ["overall", "acquisition_quarter", "first_value_band"]
        if name in attributes -%}
        {{- exceptions.raise_compiler_error(
            "An attribute cannot be called " ~ name ~ ", which is a grouping already: give "
            ~ "it another name in the var customer_attribute_columns."
        ) -}}
    {%- endfor -%}
{% endmacro %}
