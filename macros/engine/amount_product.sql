{# The product of an amount or a quantity of a line with another decimal, such as a price or a rate,
   as `type`; null where it does not fit. #}
{% macro amount_product(left, right, type) %}
    {{- return(adapter.dispatch("amount_product", "customer_value")(left, right, type)) -}}
{% endmacro %}

{# The first factor is widened, since an engine may give a product the width of its factors, and
   fails where it is wider. #}
{% macro default__amount_product(left, right, type) -%}
    {{ customer_value.try_cast(
        "(cast(" ~ left ~ " as " ~ customer_value.type_decimal(20, 4) ~ ") * " ~ right ~ ")", type
    ) }}
{%- endmacro %}

{# DuckDB takes fifty times as long for the product of two wide decimals as for that of two doubles.
   A whole number times one of four decimals has four, and below 10^9 a double is nearer to it than to
   any other of six, so that both give the same. #}
{% macro duckdb__amount_product(left, right, type) -%}
    {%- set whole = "cast(" ~ left ~ " as double)" -%}
    {%- set price = "cast(" ~ right ~ " as double)" -%}
    case
        when
            {{ whole }} = floor({{ whole }})
            and round({{ price }} * 1e4) / 1e4 = {{ price }}
            and abs({{ price }}) < 1e9
            and abs({{ whole }} * {{ price }}) < 1e9
            then cast({{ whole }} * {{ price }} as {{ type }})
        else {{ customer_value.default__amount_product(left, right, type) }}
    end
{%- endmacro %}
