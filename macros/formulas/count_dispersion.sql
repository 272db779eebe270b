{# The dispersion of the negative binomial around the purchases expected over the horizon, for a row
   that carries dispersion_intercept and dispersion_slope. #}
{% macro count_dispersion(mean) -%}
    exp(
        dispersion_intercept
        + dispersion_slope * ln(greatest({{ mean }}, 1e-300))
    )
{%- endmacro %}


{# The probability of at least one purchase under it: 1 - (t / (t + mean)) ^ t. #}
{% macro probability_of_purchase(mean, dispersion) -%}
    1 - exp(-1 * {{ dispersion }} * ln(1 + {{ mean }} / {{ dispersion }}))
{%- endmacro %}
