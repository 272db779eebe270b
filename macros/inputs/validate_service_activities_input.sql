{# Stops with one sentence where the service activities cannot be read as mapped. #}
{% macro validate_service_activities_input(is_staging=false) %}
    {%- set names = customer_value.readable_input_columns(
        "service_activities", none, is_staging
    ) -%}
    {%- if not names -%}{{- return("") -}}{%- endif -%}
    {{- customer_value.require_mapped_columns("service_activity_columns", var("service_activities"), names) -}}
    {%- set columns = customer_value.service_activity_map() -%}
    {%- for name in ["customer_id", "activity", "performed_at"] if name not in columns -%}
        {{- exceptions.raise_compiler_error(
            var("service_activities") ~ " has no column " ~ name ~ ": name yours in the var "
            ~ "service_activity_columns; its columns are: " ~ names | join(", ") ~ "."
        ) -}}
    {%- endfor -%}
{% endmacro %}
