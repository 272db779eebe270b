{# The date as of which events and trials are seen, as a query: the last day with an event that is
   reached without a gap of more than maximum_event_gap_days, or the var as_of_date. The relation
   `event_days` has the events of each day in one row or several. #}
{% macro event_dates(event_days) -%}
{%- set as_of_date = (var("as_of_date") or "") | string -%}
{%- set gap_days = var("maximum_event_gap_days") -%}
{%- set current_day = "cast('" ~ as_of_date ~ "' as date)" if as_of_date
    else "last_date" %}
with

-- Any event moves the date, also nobody's: products log people who have not signed in.
events_per_day as (

    select
        event_date,
        sum(event_count) as event_count
    from {{ event_days }}
    where event_date is not null
    group by event_date

),

running as (

    select
        event_date,
        lag(event_date) over (order by event_date) as previous_date
    from events_per_day

),

{% if gap_days not in ["", none] -%}
    {{ bulk_of_days("events_per_day", "event_date", "event_count") }},

    -- Behind the bulk the days follow each other; what lies after a longer gap comes of a
    -- clock that is wrong.
    gaps as (

        select min(running.event_date) as limit_date
        from running
        cross join bulk
        where
            bulk.all_row_count >= 10
            and running.event_date > bulk.bulk_date
            and {{ date_diff_days("running.previous_date", "running.event_date") }}
            > {{ gap_days }}

    ),
{%- endif %}

last_days as (

    select max(running.event_date) as last_date
    from running
    {% if gap_days not in ["", none] -%}
        cross join gaps
        where gaps.limit_date is null or running.event_date < gaps.limit_date
    {%- endif %}

),

event_dates as (

    select {{ current_day }} as as_of_date
    from last_days
    where last_date is not null

)

select * from event_dates
{%- endmacro %}
