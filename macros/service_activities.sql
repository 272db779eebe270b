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


{% macro standard_service_activity_columns() %}
    {{- return(["customer_id", "activity", "performed_at", "quantity"]) -}}
{% endmacro %}


{# Standard name -> the input's column; empty where no activities are given, and before the
   input can be looked at. #}
{% macro service_activity_map() %}
    {%- set given = var("service_activity_columns") or {} -%}
    {%- set reference = customer_value.input_reference(var("service_activities")) -%}
    {%- if reference.kind == "demo" or not execute -%}
        {{- return({}) -}}
    {%- elif given -%}
        {{- return(given) -}}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name in customer_value.input_columns("service_activities", none)
        if name | lower in customer_value.standard_service_activity_columns() -%}
        {%- do columns.update({name | lower: name}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}


{# The drivers of cost that the transactions hold. #}
{% macro cost_drivers() %}
    {{- return(["order_count", "line_count", "return_count", "customer_day_count"]) -}}
{% endmacro %}


{% macro activity_groups() %}
    {{- return(["order", "return", "service", "account"]) -}}
{% endmacro %}


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


{# Stops where a fit is none. #}
{% macro require_strategic_fit() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set query -%}
        {{ unknown_segment_sentences("strategic_fit") }}
        union all
        {{ repeated_row_sentences("strategic_fit", any_if_empty("segment")) }}
        union all
        {{ range_sentences(
            "strategic_fit", any_if_empty("segment"), "fit", 0, 1, "a share from 0 to 1"
        ) }}
        union all
        select
            'The seed strategic_fit has a row without a segment: name one, or leave the row out.'
                as sentence
        from {{ ref("customer_value__strategic_fit") }}
        where {{ any_if_empty("segment") }} = '*'
    {%- endset -%}
    {{- customer_value.stop_with_sentence(query) -}}
{% endmacro %}
