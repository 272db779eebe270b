{# The day of a date, timestamp or text in `date_format`, or else ISO 8601; null where it is none
   from 1900 to 2261, as 9999-12-31, which stands for no date. #}
{% macro parse_day(expression) -%}
    {%- set day -%}
        cast(
            coalesce(
                {{ parse_timestamp(expression) }},
                {{ try_cast(expression, type_timestamp()) }}
            ) as date
        )
    {%- endset -%}
    {%- if expression == no_column() -%}
        cast(null as date)
    {%- else -%}
        case when {{ is_known_moment(day, "date") }} then {{ day }} end
    {%- endif -%}
{%- endmacro %}


{# Whether something is said in the place of a day that is no date. What stands for no date, such as
   9999-12-31, is one. #}
{% macro is_unknown_day(expression) -%}
    {%- if expression == no_column() -%}
        false
    {%- else -%}
        {{ is_given(expression) }}
        and {{ parse_timestamp(expression) }} is null
        and {{ try_cast(expression, type_timestamp()) }} is null
    {%- endif -%}
{%- endmacro %}


{# Whether a day or a moment is one that a log can mean: 9999-12-31 and its like stand for "no date"
   in many systems, and dates of before 1900 and after 2261 do so here. #}
{% macro is_known_moment(expression, type) -%}
    {{ expression }} >= cast('1900-01-01' as {{ type }})
    and {{ expression }} < cast('2262-01-01' as {{ type }})
{%- endmacro %}
