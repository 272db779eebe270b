{# Cramér's V less what chance alone gives (Bergsma 2013), of a table with so many rows, columns and
   customers; `mean_square` is chi-square over the customers. Null where nothing is left to compare. #}
{% macro corrected_cramers_v(mean_square, row_count, column_count, customer_count) -%}
    sqrt(
        greatest(
            {{ mean_square }}
            - ({{ row_count }} - 1) * ({{ column_count }} - 1) / ({{ customer_count }} - 1),
            0
        )
        / nullif(
            least(
                {{ row_count }}
                - ({{ row_count }} - 1) * ({{ row_count }} - 1) / ({{ customer_count }} - 1),
                {{ column_count }}
                - ({{ column_count }} - 1) * ({{ column_count }} - 1)
                / ({{ customer_count }} - 1)
            ) - 1,
            0
        )
    )
{%- endmacro %}
