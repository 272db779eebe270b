{# What to do about the rows that a reason leaves out, as the end of a sentence. #}
{% macro exclusion_advice() %}
    {%- set format = var("date_format") -%}
    {%- set forgotten = "; customers whom erasure_requests names count as missing too, and need no action"
        if customer_value.input_value("erasure_requests") else "" -%}
    {%- set read = "dates are read from 1900 to 2261 only, " -%}
    {%- set as_iso = "and as ISO 8601, such as 2024-01-31; where they are written otherwise, give the "
        ~ "date_format, such as %d/%m/%Y" -%}
    {{- return({
        "missing_customer": "check the column mapped to customer_id, and the ids that "
            ~ "missing_customer_ids treats as missing" ~ forgotten,
        "invalid_timestamp": read ~ (
                "those of transactions by date_format (" ~ format ~ ") alone, those of events as "
                ~ "ISO 8601 alone and others as either, so write them in one way"
                if format else as_iso ~ ", which is not for events"
            ),
        "invalid_amount": "check the column mapped to amount, which must hold numbers below 10^14, "
            ~ "or text such as $1,234.56 (for 1.234,56 set decimal_separator to a comma)",
        "invalid_flag": "a flag must be written as true, t, yes, y, 1, on or false, f, no, n, 0, off",
        "future_dated": "they lie after as_of_date, or far after all other lines "
            ~ "(maximum_as_of_gap_days; of events, maximum_event_gap_days); correct the dates, or set a later as_of_date",
        "unknown_currency": "add the currencies to the seed exchange_rates",
        "excluded_status": "shorten excluded_statuses, if that was not intended",
        "excluded_product": "shorten excluded_products, if that was not intended",
        "conflicting_line": "they have the line_id of another line, and differ from it",
        "duplicate_line": "see line_id and drop_identical_lines, if they are not duplicates",
        "customer_without_purchase": "these customers have returns only, so check the signs of "
            ~ "the amounts, is_return and return_order_prefix",
        "missing_campaign": "check the column mapped to campaign_id",
        "unknown_customer": "check whether the ids are written as in the transactions",
        "invalid_number": "check the columns mapped to response_value, cost, planned_share and score",
        "duplicate_contact": "they repeat another contact in every column",
        "missing_activity": "check the column mapped to activity",
        "invalid_date": read ~ (
                "by date_format (" ~ format ~ ") or as ISO 8601, so write them in one of these ways"
                if format else as_iso
            ),
        "invalid_quantity": "check the column mapped to quantity",
        "missing_subscription": "check the column mapped to subscription_id",
        "missing_interval": "map billing_interval, whose words docs/vars.md lists, or set the var "
            ~ "billing_interval",
        "end_before_start": "check whether start and end are in the right order",
        "duplicate_period": "they equal another period",
        "duplicate_event": "they have the event_id of another event, or equal it in all columns",
        "before_trial": "check whether trial_started_at and occurred_at are in the same time zone",
        "duplicate_trial": "the first trial of a customer counts",
        "overlapped_period": "a longer or dearer period of the subscription begins on the same day",
    }) -}}
{% endmacro %}
