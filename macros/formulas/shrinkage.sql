{# How many values of one's own the mean of all counts as: the variance within customers over that
   between them (analysis of variance with unequal groups: Searle, Casella & McCulloch 1992, section
   3.6), for a row with the columns of `variance_columns`. Where nothing tells the two apart, one. #}
{% macro shrinkage(name) -%}
    case
        when {{ name }}_within is null or {{ name }}_between is null then 1.0
        when {{ name }}_within < 1e-9 and {{ name }}_between < 1e-9 then 1.0
        when {{ name }}_between - {{ name }}_within <= 1e-6 * {{ name }}_within then 1e6
        else
            least(
                greatest(
                    {{ name }}_within * {{ name }}_per_customer
                    / ({{ name }}_between - {{ name }}_within),
                    1e-3
                ),
                1e6
            )
    end
{%- endmacro %}


{# The mean squares within and between customers, and how many values a customer has: from the number
   of values and of customers, the sum of the customers' squared numbers, and the sums of the values,
   of their squares, and of each customer's squared sum over the number. #}
{% macro variance_columns(
    name, value_count, customer_count, squared_count, total, squares, by_customer
) -%}
    case
        when {{ value_count }} > {{ customer_count }}
            then
                greatest({{ squares }} - {{ by_customer }}, 0)
                / ({{ value_count }} - {{ customer_count }})
    end as {{ name }}_within,
    case
        when {{ customer_count }} > 1
            then
                greatest(
                    {{ by_customer }} - {{ total }} * {{ total }} / {{ value_count }}, 0
                ) / ({{ customer_count }} - 1)
    end as {{ name }}_between,
    case
        when {{ customer_count }} > 1
            then
                ({{ value_count }} - {{ squared_count }} / {{ value_count }})
                / ({{ customer_count }} - 1)
    end as {{ name }}_per_customer
{%- endmacro %}
