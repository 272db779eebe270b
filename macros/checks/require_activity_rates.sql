{# Stops where a rate cannot be, or a service activity has none. #}
{% macro require_activity_rates() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set key = "coalesce(activity, 'a row without a name')" -%}
    {%- set drivers = customer_value.cost_drivers() + ["service"] -%}
    {%- set groups = customer_value.activity_groups() -%}
    {%- set query -%}
        {{ repeated_row_sentences("activity_rates", key) }}
        union all
        {{ range_sentences("activity_rates", key, "unit_cost", 0, none, "0 or more") }}
        {% for column, choices in [("driver", drivers), ("activity_group", groups)] %}
            union all
            select
                concat(
                    'The seed activity_rates has {{ column }} ', coalesce({{ column }}, 'empty'),
                    ' for ', {{ key }}, ': it must be one of {{ choices | join(", ") }}.'
                ) as sentence
            from {{ ref("customer_value__activity_rates") }}
            where coalesce({{ column }}, '') not in ('{{ choices | join("', '") }}')
        {% endfor %}
        union all
        select
            concat(
                'The input service_activities has the activity ', activity,
                ', and the seed activity_rates has no rate with the driver service for it: '
                'add one, 0 if it costs nothing.'
            ) as sentence
        from {{ ref("int_customer_value__service_activities") }}
        where
            exclusion_reason is null
            and lower(activity) not in (
                select lower(trim(activity))
                from {{ ref("customer_value__activity_rates") }}
                where driver = 'service' and activity is not null
            )
    {%- endset -%}
    {{- customer_value.stop_with_sentence(query) -}}
{% endmacro %}
