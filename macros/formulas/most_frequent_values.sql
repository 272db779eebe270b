{# The three values of a table's column of text that are most frequent for each of its keys, quoted
   and cut after 40 characters, and how many values there are: a query. The most frequent are those
   that one mends first. #}
{% macro most_frequent_values(table, keys, column) -%}
    {%- set keys = keys | join(", ") -%}
    {%- set written = "concat('\"', substr(coalesce(nullif(trim(" ~ column
        ~ "), ''), '(empty)'), 1, 40), '\"')" -%}
    select
        {{ keys }},
        sum(value_count) as value_count,
        max(case when place = 1 then written end)
        || coalesce(max(case when place = 2 then ', ' || written end), '')
        || coalesce(max(case when place = 3 then ', ' || written end), '') as examples
    from (
        select
            *,
            row_number() over (
                partition by {{ keys }} order by value_count desc, written asc
            ) as place
        from (
            select
                {{ keys }},
                {{ written }} as written,
                count(*) as value_count
            from {{ table }}
            group by {{ keys }}, {{ written }}
        ) as counted_values
    ) as placed_values
    group by {{ keys }}
{%- endmacro %}
