{# P(alive) of a customer, for a row that carries the history (repeat_count,
   last_purchase_age_days, customer_age_days), the model's name, its r, alpha, a, b,
   dropout (a, or s of the Pareto/NBD: 0 where no dropout is identified) and, for the
   Pareto/NBD, alive_if_silent of its lookup: its P(alive) takes an integral.

   BG/NBD (Fader, Hardie & Lee 2005): a customer can only drop out right after a repeat
   purchase, so who has none is alive by construction. In the MBG/NBD (Batislam et al.
   2007) the first purchase is an occasion as well. The odds are capped in the logarithm,
   beyond which the probability is zero to every digit. #}
{% macro probability_alive() -%}
    case
        when dropout = 0 or (model = 'bg_nbd' and repeat_count = 0) then 1.0
        when model = 'pareto_nbd' then alive_if_silent
        else
            1 / (
                1 + exp(
                    least(
                        ln(
                            a / (
                                b + repeat_count
                                - case when model = 'bg_nbd' then 1 else 0 end
                            )
                        )
                        + (r + repeat_count)
                        * ln(
                            (alpha + customer_age_days)
                            / (alpha + last_purchase_age_days)
                        ),
                        700
                    )
                )
            )
    end
{%- endmacro %}


{# The columns that `probability_alive` asks for, of somebody who has just bought for the first time,
   for a row of int_forecast_parameters. #}
{% macro newcomer_columns() -%}
    model,
    r,
    alpha,
    a,
    b,
    dropout,
    0 as repeat_count,
    0 as last_purchase_age_days,
    0 as customer_age_days,
    1.0 as alive_if_silent
{%- endmacro %}
