{# When the command began, in UTC and whole seconds: the one clock of the project, for the tables that
   keep what was handed over. Not before the moment given, which may be null, and a second, so that it
   rises from build to build even where a clock is set back. #}
{% macro build_moment(last_moment) -%}
    greatest(
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as {{ type_timestamp() }}),
        coalesce(
            {{ customer_value.timestamp_add("second", 1, last_moment) }},
            cast('1900-01-01' as {{ type_timestamp() }})
        )
    )
{%- endmacro %}
