{# What to do about the rows that a reason leaves out, as the end of a sentence. #}
{% macro exclusion_advice() %}
    {{- return({
        "missing_customer": "look at the column mapped to customer_id",
        "invalid_timestamp": "give the dates' date_format, such as %d/%m/%Y",
        "invalid_amount": "look at the column mapped to amount (a number, or text such as $1,234.56)",
        "future_dated": "they lie after as_of_date; give a later one",
        "unknown_currency": "add the currencies to the seed exchange_rates",
        "excluded_status": "shorten excluded_statuses, if that was not intended",
        "excluded_product": "shorten excluded_products, if that was not intended",
        "duplicate_line": "see line_id and drop_identical_lines, if they are no duplicates",
        "customer_without_purchase": "look at the signs of the amounts: a negative one is a return",
        "missing_campaign": "look at the column mapped to campaign_id",
        "unknown_customer": "look at whether the ids are written as in the transactions",
        "duplicate_contact": "they repeat another one in every column",
        "missing_activity": "look at the column mapped to activity",
        "invalid_date": "give the dates' date_format, such as %d/%m/%Y",
        "invalid_quantity": "look at the column mapped to quantity",
        "missing_subscription": "look at the column mapped to subscription_id",
        "missing_interval": "map billing_interval, or set the var billing_interval",
        "end_before_start": "look at whether start and end are the right way round",
        "duplicate_period": "they equal another one",
        "overlapped_period": "a longer or dearer period of the subscription begins on their day",
    }) -}}
{% endmacro %}
