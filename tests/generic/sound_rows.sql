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

)

select
    'unique: {{ key | join(", ") }}' as rule,
    row_count
from repeated
where row_count > 0
{% for column in key %}
    union all
    select
        'not null: {{ column }}' as rule,
        null_{{ loop.index }} as row_count
    from checked
    where null_{{ loop.index }} > 0
{% endfor %}
{% for rule in rules %}
    union all
    select
        '{{ dbt.escape_single_quotes(rule) }}' as rule,
        rule_{{ loop.index }} as row_count
    from checked
    where rule_{{ loop.index }} > 0
{% endfor %}

{% endtest %}
