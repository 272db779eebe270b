{# The CTE `bulk` of an input, one row: bulk_date, the day up to which all but a hundredth of its rows
   lie, all_row_count, and limit_date, the day after which they are future_dated where no as-of date is
   given. The relation `days` has the rows of each day, one row per day. #}
{% macro bulk_of_days(days, day, row_count) -%}
{%- set gap_days = "" if var("as_of_date") else var("maximum_as_of_gap_days") -%}
running_rows as (

    select
        {{ day }} as running_date,
        sum({{ row_count }}) over (
            order by {{ day }}
            rows between unbounded preceding and current row
        ) as rows_up_to,
        sum({{ row_count }}) over () as row_count
    from {{ days }}

),

-- All but a hundredth of the rows, and but one at least, are the bulk of the input. What
-- lies far after it is a slip of the pen, and no date as of which to see customers.
bulk as (

    select
        min(running_date) as bulk_date,
        min(row_count) as all_row_count,
        {% if gap_days not in ["", none] -%}
            case
                when min(row_count) >= 10
                    then {{ date_add_days("min(running_date)", gap_days) }}
            end as limit_date
        {%- else -%}
            max(cast(null as date)) as limit_date
        {%- endif %}
    from running_rows
    where rows_up_to >= row_count - greatest(1, floor(row_count / 100))

)
{%- endmacro %}
