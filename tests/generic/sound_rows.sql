{% test sound_rows(model, key, rules={}) %}

with

checked as (

    select
        {% for rule in rules.values() -%}
            count(case when not coalesce({{ rule }}, false) then 1 end)
                as rule_{{ loop.index }},
        {% endfor -%}
        {% for column in key -%}
            count(case when {{ column }} is null then 1 end) as null_{{ loop.index }}
            {{- "," if not loop.last }}
        {% endfor %}
    from {{ model }}

),

repeated as (

    select sum(row_count) as row_count
    from (
        select count(*) as row_count
        from {{ model }}
        group by {{ key | join(", ") }}
        having count(*) > 1
    ) as repeated_keys

),

broken as (

    select
        'unique: {{ key | join(", ") }}' as rule,
        row_count
    from repeated
    {% for column in key %}
        union all
        select
            'not null: {{ column }}' as rule,
            null_{{ loop.index }} as row_count
        from checked
    {% endfor %}
    {% for rule in rules %}
        union all
        select
            {{ customer_value.quoted_text(rule) }} as rule,
            rule_{{ loop.index }} as row_count
        from checked
    {% endfor %}

)

select
    concat(
        '{{ model.identifier }} has ',
        cast(row_count as {{ dbt.type_string() }}),
        ' rows that break a rule: ',
        rule
    ) as sentence
from broken
where row_count > 0

{% endtest %}
