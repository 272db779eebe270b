{# The dispersion of the negative binomial around an expected number of purchases, for a row that
   carries dispersion_intercept and dispersion_slope. #}
{% macro count_dispersion(mean) -%}
    exp(
        dispersion_intercept
        + dispersion_slope * ln(greatest({{ mean }}, 1e-300))
    )
{%- endmacro %}


{# The probability of at least one purchase under it: 1 - (t / (t + mean)) ^ t. #}
{% macro probability_of_purchase(mean) -%}
    1 - exp(
        -1 * {{ customer_value.count_dispersion(mean) }}
        * ln(1 + {{ mean }} / {{ customer_value.count_dispersion(mean) }})
    )
{%- endmacro %}
