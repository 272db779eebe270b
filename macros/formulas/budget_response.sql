{# What spending `spend` a year on a segment brings: ever less for the next unit. Needs the
   columns response_<case> and spend_scale of int_budget_segments. #}
{% macro budget_response(effect_case, spend) -%}
    case
        when spend_scale > 0
            then response_{{ effect_case }} * (1 - exp(-1 * ({{ spend }}) / spend_scale))
        else 0
    end
{%- endmacro %}
