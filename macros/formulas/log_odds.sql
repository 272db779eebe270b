{# ln(p / (1 - p)) of a probability, which is kept a millionth off 0 and 1; null where it is not
   known. `least` and `greatest` would pass over a null on some engines. #}
{% macro log_odds(probability) -%}
    {%- set bounded -%}
        case
            when {{ probability }} < 1e-6 then 1e-6
            when {{ probability }} > 1 - 1e-6 then 1 - 1e-6
            else {{ probability }}
        end
    {%- endset -%}
    ln({{ bounded }} / (1 - {{ bounded }}))
{%- endmacro %}
