{# The patterns of any groups of customers: how many share a repeat count and an age, and
   the sums that the forecast by month is linear in. A correction multiplies purchases; of
   who buys at all in a month it takes away only, since a factor above 1 means more purchases
   rather than more buyers. Used before `expected_months`. #}
{% macro value_pattern_columns() -%}
    {{ "fit_role," if customer_value.fits_groups() }}
    repeat_count,
    customer_age_days,
    count(*) as customer_count,
    {{ exact_sum("expected_purchase_value") }} as purchase_value,
    {{ exact_sum("expected_purchase_value * margin_share") }} as purchase_margin,
    {{ value_weight_columns() }}
{%- endmacro %}


{# The sums of those columns that hold a chance: to be alive, to come back, to buy; and the latter
   two times the value of a purchase, and times its margin. #}
{% macro value_weight_columns(forecasts="", values="") -%}
    {%- set alive = forecasts ~ "probability_alive" -%}
    {%- set returning = alive ~ " * least(" ~ forecasts ~ "purchases_factor, 1)" -%}
    {%- set buying = alive ~ " * " ~ forecasts ~ "purchases_factor" -%}
    {%- set value = values ~ "expected_purchase_value" -%}
    {%- set margin = value ~ " * " ~ forecasts ~ "margin_share" -%}
    {{ exact_sum(alive) }} as alive_customers,
    {{ exact_sum(returning) }} as returning_customers,
    {{ exact_sum(returning ~ " * " ~ value) }} as returning_value,
    {{ exact_sum(returning ~ " * " ~ margin) }} as returning_margin,
    {{ exact_sum(buying) }} as buying_customers,
    {{ exact_sum(buying ~ " * " ~ value) }} as buying_value,
    {{ exact_sum(buying ~ " * " ~ margin) }} as buying_margin
{%- endmacro %}


{# The forecast of groups of customers by month ahead, as a select over `patterns`: one
   row per group, repeat count and age. `keys` are the columns that name a group; `with_absent`
   adds those who are not expected to buy. Needs the CTE monthly_purchases, of the model
   int_monthly_purchases. #}
{% macro expected_months(patterns, keys, with_absent=true) -%}
    select
        {% for key in keys %}
            {{ patterns }}.{{ key }},
        {% endfor %}
        monthly_purchases.month_ahead,
        sum({{ patterns }}.customer_count) as customer_count,
        {% for name, factor, term in [
            ("expected_alive_customers", "alive_customers", "alive_if_alive"),
            ("expected_active_customers", "returning_customers", "active_if_alive"),
            ("expected_purchases", "buying_customers", "purchases_if_alive"),
            ("forecast_revenue", "buying_value", "purchases_if_alive"),
        ] %}
            {{ exact_sum(patterns ~ "." ~ factor ~ " * monthly_purchases." ~ term) }}
                as {{ name }},
        {% endfor %}
        {#- Who is not expected to have bought by then, and what they would spend and leave if
            they did. #}
        {% for name, factor, all in [
            ("absent_customers", "returning_customers", "customer_count"),
            ("absent_purchase_value", "returning_value", "purchase_value"),
            ("absent_purchase_margin", "returning_margin", "purchase_margin"),
        ] if with_absent %}
            {{ exact_sum(
                patterns ~ "." ~ all ~ " - " ~ patterns ~ "." ~ factor
                ~ " * monthly_purchases.active_so_far_if_alive"
            ) }} as {{ name }},
        {% endfor %}
        {{ exact_sum(
            patterns ~ ".buying_margin * monthly_purchases.discounted_purchases_if_alive"
        ) }} as discounted_margin
    from {{ patterns }}
    inner join monthly_purchases
        on
            {% if customer_value.fits_groups() -%}
                {{ patterns }}.fit_role = monthly_purchases.fit_role and
            {% endif -%}
            {{ patterns }}.repeat_count = monthly_purchases.repeat_count
            and {{ patterns }}.customer_age_days = monthly_purchases.customer_age_days
    group by
        {% for key in keys %}
            {{ patterns }}.{{ key }},
        {% endfor %}
        monthly_purchases.month_ahead
{%- endmacro %}
