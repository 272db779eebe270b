{# The whole numbers from 0 to `count` - 1, as rows of one column whole_number: ten digits for
   every place, since not every engine has a series function. #}
{% macro whole_numbers(count) -%}
    {%- set places = (count - 1) | string | length -%}
    select whole_number
    from (
        select
            {% for place in range(places) -%}
                {{ 10 ** place }} * digits_{{ place }}.digit{{ " + " if not loop.last }}
            {%- endfor %} as whole_number
        from
            {% for place in range(places) -%}
                {{ "cross join " if not loop.first -}}
                (
                    {% for digit in range(10) -%}
                        select {{ digit }} as digit{{ " union all " if not loop.last }}
                    {%- endfor %}
                ) as digits_{{ place }}
            {% endfor -%}
    ) as numbers
    where whole_number < {{ count }}
{%- endmacro %}
