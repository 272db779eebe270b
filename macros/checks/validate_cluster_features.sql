{# Stops with a sentence where cluster_features names neither a column of the history nor an
   attribute that can be read. #}
{% macro validate_cluster_features() %}
    {%- set names = customer_value.cluster_attributes() if execute else [] -%}
    {%- set columns = customer_value.input_map("customer_attributes") if names else {} -%}
    {%- for name in names -%}
        {%- if not modules.re.match("^[a-z][a-z0-9_]*$", name | string) -%}
            {{- exceptions.raise_compiler_error(
                "The var cluster_features names " ~ name ~ ": an attribute in it has a name of lower-case "
                ~ "letters, digits and underscores; give it one in customer_attribute_columns."
            ) -}}
        {%- elif not customer_value.is_long_form(columns) and name not in columns -%}
            {{- exceptions.raise_compiler_error(
                "The var cluster_features names " ~ name ~ ", which is neither one of "
                ~ customer_value.cluster_feature_choices() | join(", ")
                ~ " nor an attribute of customer_attributes: correct the name, or leave it out."
            ) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
