{# How often a subscription may be billed: name -> whole months or days, the words that inputs have
   for it, and the words of the tables. #}
{% macro billing_intervals() %}
    {{- return({
        "day": {"days": 1, "words": ["day", "daily", "days"], "label": "1 day"},
        "week": {"days": 7, "words": ["week", "weekly", "weeks"], "label": "1 week"},
        "two weeks": {
            "days": 14,
            "words": ["two weeks", "biweekly", "fortnight", "fortnightly"],
            "label": "2 weeks",
        },
        "month": {"months": 1, "words": ["month", "monthly", "months"], "label": "1 month"},
        "quarter": {"months": 3, "words": ["quarter", "quarterly"], "label": "3 months"},
        "half-year": {
            "months": 6,
            "words": ["half-year", "half-yearly", "semiannual", "semi-annual"],
            "label": "6 months",
        },
        "year": {
            "months": 12, "words": ["year", "yearly", "annual", "annually"], "label": "12 months"
        },
    }) -}}
{% endmacro %}
