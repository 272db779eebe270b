{# What a correction is learned from, by name, over int_model_forecasts: how a customer has bought
   so far, beside what the base model makes of it. The last one is the revenue's alone. #}
{% macro correction_features() %}
    {%- set double = customer_value.type_double() -%}
    {{- return({
        "log_expected_purchases": "ln(greatest(expected_purchases_in_window, 1e-12))",
        "log_repeats": "ln(cast(1 + repeat_count as " ~ double ~ "))",
        "is_one_time": "case when repeat_count = 0 then 1.0 else 0.0 end",
        "log_recency": "ln(cast(1 + recency_days as " ~ double ~ "))",
        "log_age": "ln(cast(1 + customer_age_days as " ~ double ~ "))",
        "overdue": "case when repeat_count = 0 then 0.0 else least(greatest("
            ~ "ln(cast(1 + recency_days as " ~ double ~ ")) - ln(1 + cast("
            ~ "last_purchase_age_days as " ~ double ~ ") / repeat_count), -3.0), 3.0) end",
        "log_mean_value": "ln(greatest(mean_paid_value, 1e-9))",
        "log_quarter_window_purchases":
            "ln(cast(1 + quarter_window_purchases as " ~ double ~ "))",
        "log_half_window_purchases": "ln(cast(1 + half_window_purchases as " ~ double ~ "))",
        "log_window_purchases": "ln(cast(1 + whole_window_purchases as " ~ double ~ "))",
        "log_window_spend": customer_value.log_feature("window_spend"),
        "log_shrunk_value": "ln(greatest(shrunk_purchase_value, 1e-9))",
    }) -}}
{% endmacro %}
