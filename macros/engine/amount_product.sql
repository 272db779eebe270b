{# The product of an amount or a quantity of a line with another decimal, such as a price or a rate,
   as `type`; null where it does not fit. The first factor is widened, since an engine may give a
   product the width of its factors, and fails where it is wider. #}
{% macro amount_product(left, right, type) -%}
    {{ try_cast(
        "(cast(" ~ left ~ " as " ~ type_decimal(20, 4) ~ ") * " ~ right ~ ")", type
    ) }}
{%- endmacro %}
