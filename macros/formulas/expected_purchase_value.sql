{# Gamma-Gamma (Fader & Hardie 2013, eq. 5): between the customer's own mean and the
   population's, by how many paid repeat purchases there are. #}
{% macro expected_purchase_value() -%}
    case
        when p is null then mean_purchase_value
        else
            (v * p + p * paid_repeat_count * coalesce(mean_repeat_value, 0))
            / (p * paid_repeat_count + q - 1)
    end
{%- endmacro %}
