{# A probability as a word that moves only when it means something else; null where it is null. #}
{% macro probability_band(probability) -%}
    case
        when {{ probability }} >= 0.6 then 'very likely'
        when {{ probability }} >= 0.3 then 'likely'
        when {{ probability }} >= 0.1 then 'possible'
        when {{ probability }} >= 0 then 'unlikely'
    end
{%- endmacro %}
