{# The place of a feature among all by the columns <feature>_size: 1 for the largest; equal
   ones stand by name. #}
{% macro size_rank(feature, features) -%}
    1
    {%- for other in features if other != feature %}
    + case
        when {{ other }}_size {{ ">=" if other < feature else ">" }} {{ feature }}_size then 1
        else 0
    end
    {%- endfor %}
{%- endmacro %}
