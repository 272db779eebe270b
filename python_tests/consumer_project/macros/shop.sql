{# Macros that are called as some of the package's, and do something else. #}
{% macro is_on(anything) %}{{ return(false) }}{% endmacro %}

{% macro validate_vars() %}
    {{ exceptions.raise_compiler_error("The package called the shop's validate_vars.") }}
{% endmacro %}

{% macro type_money() %}{{ return("the shop's money") }}{% endmacro %}

{# dbt takes it for a replacement of ours, but for what dbt_project.yml has under dispatch. #}
{% macro default__try_cast(expression, type) %}
    {{ exceptions.raise_compiler_error("The package called the shop's default__try_cast.") }}
{% endmacro %}

{% test accepted_range(model, column_name, at_least) %}
select * from {{ model }} where {{ column_name }} < {{ at_least }}
{% endtest %}
