{# The days after which a customer has bought again with a given chance, null where never or not
   within a century, for a row of int_forecasts.

   Who is active buys again for certain, after a time whose chance is 1 - (A / (A + t)) ^ k: the
   purchase rate is gamma-distributed with shape k and rate A, and nobody leaves before a purchase
   (Fader, Hardie & Lee 2005). P(alive) is the share of that curve which a purchase model is sure
   of. Of a corrected forecast, and of the Pareto/NBD, the share is the one at which the curve
   meets the published chance of activity_days and, beyond them, of horizon_days. #}
{% macro days_to_next_purchase(chance) -%}
    {%- set near, far = var("activity_days"), var("horizon_days") -%}
    {%- set near_chance = "nullif(probability_active_90d, 0)" -%}
    {%- set far_chance = "nullif("
        ~ customer_value.probability_of_purchase("expected_purchases_365d", "dispersion")
        ~ ", 0)" -%}
    case
        when probability_active_90d >= {{ chance }} or dispersion is null
            then {{ customer_value.days_on_curve(chance, near, near_chance, 0) }}
        else {{ customer_value.days_on_curve(chance, far, far_chance, near ~ " + 1") }}
    end
{%- endmacro %}


{# Where the curve that passes through `known_chance` after so many days reaches `chance`. #}
{% macro days_on_curve(chance, days, known_chance, at_least) -%}
    {%- set known_share = "(1 - exp(-1 * purchase_rate_shape * ln(1 + " ~ days
        ~ " / purchase_rate_scale)))" -%}
    {%- set share = chance ~ " * " ~ known_share ~ " / " ~ known_chance -%}
    case
        when
            {{ share }} < 1
            and -1 * ln(greatest(1 - {{ share }}, 1e-300))
            < purchase_rate_shape * ln(1 + 36525 / purchase_rate_scale)
            then
                greatest(
                    cast(
                        ceil(
                            purchase_rate_scale
                            * (
                                exp(
                                    -1 * ln(greatest(1 - {{ share }}, 1e-300))
                                    / purchase_rate_shape
                                ) - 1
                            )
                        ) as bigint
                    ),
                    {{ at_least }}
                )
    end
{%- endmacro %}
