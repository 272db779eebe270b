{# Stops with one sentence where the contacts of campaigns cannot be read as mapped. #}
{% macro validate_campaign_contacts_input(is_staging=false) %}
    {%- set names = customer_value.readable_input_columns(
        "campaign_contacts", none, is_staging
    ) -%}
    {%- if not names -%}{{- return("") -}}{%- endif -%}
    {%- set input = customer_value.input_value("campaign_contacts") -%}
    {{- customer_value.require_mapped_columns("campaign_contact_columns", input, names) -}}
    {%- set columns = customer_value.campaign_contact_map() -%}
    {%- set missing = [] -%}
    {%- for name in ["customer_id", "campaign_id", "contacted_at"] if name not in columns -%}
        {%- do missing.append(name) -%}
    {%- endfor -%}
    {%- if missing -%}
        {{- exceptions.raise_compiler_error(
            input ~ " has no column for " ~ missing | join(" and ") ~ ": name it in the var "
            ~ "campaign_contact_columns; its columns are: " ~ names | join(", ") ~ "."
        ) -}}
    {%- endif -%}
{% endmacro %}
