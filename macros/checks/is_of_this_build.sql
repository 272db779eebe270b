{# Whether a model holds what the log says now: false in a run that rebuilds the totals of
   the customers but not that model, as `dbt build --selector core` does with the past.
   True while dbt reads the project, and in unit tests. #}
{% macro is_of_this_build(model_name) %}
    {%- set rebuilt = "model.customer_value.int_customer_value__customer_totals" in selected_resources -%}
    {{- return(
        not execute
        or model.resource_type == "unit_test"
        or not rebuilt
        or "model.customer_value." ~ model_name | replace("int_", "int_customer_value__") in selected_resources
    ) -}}
{% endmacro %}
