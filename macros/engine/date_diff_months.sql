{# Calendar months from one date's month to another's. #}
{% macro date_diff_months(from_date, to_date) -%}
    (
        12 * (extract(year from {{ to_date }}) - extract(year from {{ from_date }}))
        + extract(month from {{ to_date }}) - extract(month from {{ from_date }})
    )
{%- endmacro %}
