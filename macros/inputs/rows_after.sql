{# The rows of an input on a day after the one in the relation `dates`, as a query. Only the moment of
   a row is read to find them, and that only where it may be after the day: the other columns of a
   log are not looked at to see that almost all of it is old. #}
{% macro rows_after(input, name, dates, day, date_format=none) -%}
{%- set column = customer_value.input_column(customer_value.input_map(input), name) -%}
{%- if column != customer_value.no_column() -%}
    {%- set column = "input_rows." ~ column -%}
{%- endif -%}
select input_rows.*
from (select * from {{ input_relation(input) }}) as input_rows
cross join {{ dates }}
{#- Twice, since an engine may compute the sides of a comparison before all other conditions. #}
{%- set may_be_after = customer_value.may_be_after(column, dates ~ "." ~ day, date_format) %}
where
    {{ may_be_after }}
    and case
        when {{ may_be_after }}
            then cast(
                {{ customer_value.parse_timestamp(column, date_format) }} as date
            ) > {{ dates }}.{{ day }}
        else false
    end
{%- endmacro %}


{# Whether a moment as the input has it may be on a day after another; true where only parsing it can
   tell. It may be true of what is not after the day, and is never false of what is. #}
{% macro may_be_after(expression, day, date_format=none) %}
    {{- return(adapter.dispatch("may_be_after", "customer_value")(
        expression, day, var("date_format") if date_format is none else date_format
    )) -}}
{% endmacro %}

{% macro default__may_be_after(expression, day, date_format) -%}
    1 = 1
{%- endmacro %}

{# A column of moments is compared as it is, so that DuckDB skips the blocks of a table that are older.
   Text that begins with the year, the month and the day sorts as its days do, up to a zone, which
   takes a moment a week away at most. What sorts before it, and may be later, begins with no digit, or
   has a blank behind the year. #}
{% macro duckdb__may_be_after(expression, day, date_format) -%}
    {%- set text = "cast(" ~ expression ~ " as varchar)" -%}
    {%- set week_before = "cast(" ~ day ~ " - 7 as timestamp)" -%}
    {%- set begins_with_day = not date_format
        or modules.re.search("^%Y-%m-%d([^%]|%[HIMSfpzZ])*$", date_format) -%}
    case
        when typeof({{ expression }}) = 'TIMESTAMP'
            then try_cast({{ expression }} as timestamp) >= {{ week_before }}
        when typeof({{ expression }}) = 'DATE'
            then try_cast({{ expression }} as date) >= {{ day }} - 7
        when typeof({{ expression }}) = 'TIMESTAMP WITH TIME ZONE'
            then
                try_cast({{ expression }} as timestamptz)
                >= timezone('UTC', {{ week_before }})
        {% if begins_with_day -%}
            when typeof({{ expression }}) = 'VARCHAR'
                then
                    {{ text }} >= cast({{ day }} - 7 as varchar)
                    or {{ text }} < '1'
                    or {{ text }} like '____ %'
        {%- endif %}
        else true
    end
{%- endmacro %}
