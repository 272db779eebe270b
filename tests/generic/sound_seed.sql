{% test sound_seed(model, key, without_case=[], rules=[]) %}

{%- set cells, keys = [], [] -%}
{%- for column in key -%}
    {%- set text = "cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")" -%}
    {%- set cell = customer_value.any_if_empty(text) -%}
    {%- do cells.append(cell) -%}
    {%- do keys.append("lower(" ~ cell ~ ")" if column in without_case else cell) -%}
{%- endfor -%}
{% call customer_value.where_built() %}
with

seed as (

    select *
    from {{ model }}

)

select
    concat(
        'The seed {{ model.identifier }} has more than one row for '
        {%- for column in key %},
        '{{ ", " if not loop.first }}the {{ column | replace("_", " ") }} ',
        min({{ cells[loop.index0] }})
        {%- endfor %},
        ': keep one.'
    ) as sentence
from seed
group by {{ keys | join(", ") }}
having count(*) > 1
{% for rule in rules %}
    union all
    select
        concat(
            'The seed {{ model.identifier }} '
            {%- for part in modules.re.split("[{}]", rule.sentence) %},
            {% if loop.index0 % 2 -%}
                coalesce(cast({{ part }} as {{ dbt.type_string() }}), 'empty')
            {%- else -%}
                {{ customer_value.quoted_text(part) }}
            {%- endif %}
            {%- endfor %}
        ) as sentence
    from seed
    where not coalesce({{ rule.must_hold }}, false)
{% endfor %}
{% endcall %}

{% endtest %}
