{# Stops where a model with a history that cannot be rebuilt would restart it: dbt prefers the settings
   for our models in the dbt_project.yml of a project that has installed this one to their own. #}
{% macro require_kept_history() %}
    {%- if execute and model.resource_type == "model"
        and (model.config.materialized != "incremental" or should_full_refresh()) -%}
        {{- exceptions.raise_compiler_error(
            model.alias ~ " keeps a history that cannot be rebuilt, and this build would restart "
            ~ "it, because dbt_project.yml sets materialized: " ~ model.config.materialized
            ~ " and full_refresh: " ~ config.get("full_refresh") ~ " for it. Remove +materialized "
            ~ "and +full_refresh from models: customer_value: there."
        ) -}}
    {%- endif -%}
{% endmacro %}
