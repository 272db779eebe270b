{# Stops where a model that keeps what cannot be built again would be built anew: dbt prefers what the
   dbt_project.yml of a project that has installed this one says of our models to what they say. #}
{% macro require_kept_history() %}
    {%- if execute and model.resource_type == "model"
        and (model.config.materialized != "incremental" or should_full_refresh()) -%}
        {{- exceptions.raise_compiler_error(
            model.alias ~ " keeps what cannot be built again, and would be built anew, since "
            ~ "dbt_project.yml gives it materialized: " ~ model.config.materialized
            ~ " and full_refresh: " ~ config.get("full_refresh") ~ ". Take +materialized and "
            ~ "+full_refresh out of models: customer_value: there."
        ) -}}
    {%- endif -%}
{% endmacro %}
