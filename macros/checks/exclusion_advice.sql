{# What to do about the rows that a reason leaves out, as the end of a sentence. #}
{% macro exclusion_advice() %}
    {%- set format = var("date_format") -%}
    {%- set forgotten = "; those whom erasure_requests names are nobody, too, and need nothing done"
        if customer_value.input_value("erasure_requests") else "" -%}
    {%- set read = "dates are read from 1900 to 2261 only, " -%}
    {%- set as_iso = "and as ISO 8601, such as 2024-01-31; where they are written otherwise, give the "
        ~ "date_format, such as %d/%m/%Y" -%}
    {{- return({
        "missing_customer": "look at the column mapped to customer_id, and at the ids that "
            ~ "missing_customer_ids takes for nobody" ~ forgotten,
        "invalid_timestamp": read ~ (
                "those of transactions by date_format (" ~ format ~ ") alone, those of events as "
                ~ "ISO 8601 alone and others as either, so write them in one way"
                if format else as_iso ~ ", which is not for events"
            ),
        "invalid_amount": "look at the column mapped to amount, which must hold numbers below 10^14, "
            ~ "or text such as $1,234.56 (for 1.234,56 set decimal_separator to a comma)",
        "invalid_flag": "a flag says yes or no as true, t, yes, y, 1, on or false, f, no, n, 0, off",
        "future_dated": "they lie after as_of_date, or far behind all other lines "
            ~ "(maximum_as_of_gap_days; of events, maximum_event_gap_days); mend the dates, or give a later as_of_date",
        "unknown_currency": "add the currencies to the seed exchange_rates",
        "excluded_status": "shorten excluded_statuses, if that was not intended",
        "excluded_product": "shorten excluded_products, if that was not intended",
        "conflicting_line": "they have the line_id of another line, and differ from it",
        "duplicate_line": "see line_id and drop_identical_lines, if they are no duplicates",
        "customer_without_purchase": "these customers have returns only, so look at the signs of "
            ~ "the amounts, at is_return and at return_order_prefix",
        "missing_campaign": "look at the column mapped to campaign_id",
        "unknown_customer": "look at whether the ids are written as in the transactions",
        "invalid_number": "look at the columns mapped to response_value, cost, planned_share and score",
        "duplicate_contact": "they repeat another one in every column",
        "missing_activity": "look at the column mapped to activity",
        "invalid_date": read ~ (
                "by date_format (" ~ format ~ ") or as ISO 8601, so write them in one of these ways"
                if format else as_iso
            ),
        "invalid_quantity": "look at the column mapped to quantity",
        "missing_subscription": "look at the column mapped to subscription_id",
        "missing_interval": "map billing_interval, whose words docs/vars.md lists, or set the var "
            ~ "billing_interval",
        "end_before_start": "look at whether start and end are the right way round",
        "duplicate_period": "they equal another one",
        "duplicate_event": "they have the event_id of another one, or equal it in all columns",
        "before_trial": "look at whether trial_started_at and occurred_at are in one time zone",
        "duplicate_trial": "the first trial of a customer counts",
        "overlapped_period": "a longer or dearer period of the subscription begins on their day",
    }) -}}
{% endmacro %}
