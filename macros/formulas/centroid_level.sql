{# The level of a centroid in a feature, for its name: within half a standard deviation of the mean of
   all it is typical. #}
{% macro centroid_level(feature, centre) -%}
    {%- set words = {
        "recency": ["lapsed", "recent"],
        "frequency": ["frequent", "rare"],
        "monetary": ["high", "low"],
    }[feature] -%}
    case
        when {{ centre }} > 0.5 then '{{ words[0] }}'
        when {{ centre }} < -0.5 then '{{ words[1] }}'
        else 'typical'
    end
{%- endmacro %}
