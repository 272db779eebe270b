{# The reasons for leaving out a row of each input, in the order in which they are tried: the one
   list of them. #}
{% macro exclusion_reasons() %}
    {{- return({
        "transactions": [
            "missing_customer", "invalid_timestamp", "invalid_amount", "invalid_flag",
            "future_dated", "unknown_currency", "excluded_status", "excluded_product",
            "duplicate_line", "conflicting_line", "customer_without_purchase",
        ],
        "campaign_contacts": [
            "missing_customer", "missing_campaign", "invalid_timestamp", "invalid_number",
            "invalid_flag", "future_dated", "duplicate_contact",
        ],
        "service_activities": [
            "missing_activity", "invalid_date", "invalid_quantity", "unknown_customer",
            "future_dated",
        ],
        "subscriptions": [
            "missing_customer", "missing_subscription", "invalid_date", "invalid_amount",
            "invalid_flag", "missing_interval", "end_before_start", "future_dated",
            "duplicate_period", "overlapped_period",
        ],
        "suppressions": ["missing_customer"],
        "consents": ["missing_customer", "future_dated"],
        "events": [
            "missing_customer", "invalid_timestamp", "future_dated", "duplicate_event",
            "before_trial",
        ],
        "trials": [
            "missing_customer", "invalid_date", "end_before_start", "future_dated",
            "duplicate_trial",
        ],
    }) -}}
{% endmacro %}
