{# The features that propensity models see, in the order of their columns: amounts, counts
   and days as ln(1 + value), the rest as it is. The cluster is not among them: centroids
   are those of today, so a past date would see its future. #}
{% macro propensity_features() %}
    {{- return([
        "recency_days", "customer_age_days", "order_count", "repeat_count", "net_revenue",
        "mean_repeat_value", "average_order_value", "mean_days_between_purchases",
        "days_between_purchases_cv", "overdue_ratio", "r_score", "f_score", "m_score",
        "recent_purchase_count", "recent_spend", "previous_purchase_count",
        "previous_spend", "model_log_odds",
    ]) -}}
{% endmacro %}


{# The features that are a matter of the customer's own days alone, from a snapshot with
   its trend. #}
{% macro purchase_feature_columns() -%}
    {% for column in [
        "recency_days",
        "customer_age_days",
        "order_count",
        "repeat_count",
        "net_revenue",
        "mean_repeat_value",
        "average_order_value",
        "mean_days_between_purchases",
        "recent_purchase_count",
        "recent_spend",
        "previous_purchase_count",
        "previous_spend",
    ] %}
        {{ log_feature(column) }} as {{ column }},
    {% endfor %}
    coalesce(days_between_purchases_cv, 0) as days_between_purchases_cv,
    {#- How long they have been away against how long they usually are. #}
    case
        when mean_days_between_purchases > 0
            then
                {{ log_feature("recency_days") }}
                - {{ log_feature("mean_days_between_purchases") }}
        else 0
    end as overdue_ratio
{%- endmacro %}


{# The trend: the last activity_days before a date against those before them, summed over
   a customer's purchase days. #}
{% macro purchase_trend_columns(as_of_date, days="purchase_days.") -%}
    {% for name, sign in {"recent": ">", "previous": "<="}.items() %}
        {%- set in_window -%}
            {{ days }}purchase_date
            {{ sign }} {{ date_add_days(as_of_date, "-1 * " ~ var("activity_days")) }}
        {%- endset %}
        sum(case when {{ in_window }} then 1 else 0 end) as {{ name }}_purchase_count,
        sum(case when {{ in_window }} then {{ days }}spend else 0 end)
            as {{ name }}_spend
        {{- "," if not loop.last }}
    {% endfor %}
{%- endmacro %}


{# ln(1 + value), of a negative or missing value 0. #}
{% macro log_feature(column) -%}
    ln(1 + greatest(coalesce(cast({{ column }} as {{ type_double() }}), 0), 0))
{%- endmacro %}


{% macro log_odds_to_probability(expression) -%}
    1 / (1 + exp(-1 * greatest(least({{ expression }}, 700), -700)))
{%- endmacro %}


{# The place of a feature among all by the columns <feature>_size: 1 for the largest; equal
   ones stand by name. #}
{% macro size_rank(feature, features) -%}
    1
    {%- for other in features if other != feature %}
    + case
        when {{ other }}_size {{ ">=" if other < feature else ">" }} {{ feature }}_size then 1
        else 0
    end
    {%- endfor %}
{%- endmacro %}
