{# The sample deviation of the gaps between purchases over their mean, from the sum of their
   squares; it takes two gaps. `days` stands before the columns. #}
{% macro days_between_purchases_cv(gap_count, squared_days, days="") -%}
    case
        when {{ gap_count }} > 1
            then
                sqrt(
                    greatest(
                        cast({{ squared_days }} as {{ type_double() }})
                        - {{ days }}last_purchase_age_days
                        * {{ days }}mean_days_between_purchases,
                        0
                    ) / ({{ gap_count }} - 1)
                ) / {{ days }}mean_days_between_purchases
    end
{%- endmacro %}
