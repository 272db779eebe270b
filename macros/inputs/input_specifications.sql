{# All that the project knows of its inputs, by the var that names each: the var that maps its
   columns, the standard columns, the models that replace it in the demos, the capability that it
   switches on, and the sentence about a missing column. The maps, the validation and the tables of
   docs/vars.md are made from this. The columns in `instead` together replace a required one. A
   value that cannot be read is a reason to leave its row out; where `if_unread` is given, it counts
   as empty, with that consequence, and is a warning. #}
{% macro input_specifications() %}
    {{- return({
        "transactions": {
            "map": "transaction_columns",
            "row": "one row per line of an order",
            "demo_model": "demo_customer_value__transactions",
            "simulated_model": "demo_customer_value__subscription_transactions",
            "trial_model": "demo_customer_value__trial_transactions",
            "journey_model": "demo_customer_value__complete_journey_transactions",
            "demo_columns": ["customer_id", "transacted_at", "quantity", "amount"],
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer; an empty id, or one in the var "
                        ~ "`missing_customer_ids`, is a missing customer",
                },
                "transacted_at": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "time of the line, from 1900 to 2261; text is ISO 8601, or, where "
                        ~ "`date_format` is given, in that format alone; never guessed",
                },
                "amount": {
                    "type": "number or text",
                    "is_required": true,
                    "instead": ["quantity", "unit_price"],
                    "meaning": "line amount, negative for a return; text may be written "
                        ~ "`$1,234.56`, `(12.00)` or `40.00-`",
                },
                "refunded_amount": {
                    "type": "number or text",
                    "meaning": "amount refunded later, subtracted from the amount on the day of "
                        ~ "the line; nothing is subtracted from a return, whose amount is the "
                        ~ "refund itself",
                },
                "cost": {
                    "type": "number or text",
                    "meaning": "cost of the line to the company, for all pieces: the lifetime "
                        ~ "value is then the customer's contribution; lines without a cost use "
                        ~ "`gross_margin`",
                    "if_unread": ", so that the var gross_margin is used instead",
                },
                "quantity": {
                    "type": "number or text",
                    "if_unread": "",
                    "meaning": "number of pieces; times `unit_price` it is the amount, where no "
                        ~ "amount is mapped",
                },
                "unit_price": {
                    "type": "number or text", "if_unread": "", "meaning": "price of one piece"
                },
                "order_id": {
                    "type": "any",
                    "meaning": "a customer's lines with one order id are one order; without it, "
                        ~ "those of one moment are",
                },
                "line_id": {
                    "type": "any",
                    "meaning": "unique in the log, or in its order (a line number): two lines "
                        ~ "with one id are duplicates; without it, equal lines of one order are",
                },
                "status": {
                    "type": "text", "meaning": "compared with the var `excluded_statuses`"
                },
                "customer_group": {
                    "type": "text",
                    "meaning": "brand, country or a similar group, for the var `fit_group`: the "
                        ~ "value in the customer's first line counts",
                },
                "product_id": {
                    "type": "any", "meaning": "compared with the var `excluded_products`"
                },
                "is_return": {
                    "type": "boolean, number or text",
                    "meaning": "yes: the line is a return, whatever its sign; true, t, yes, y, "
                        ~ "1 and on against false, f, no, n, 0 and off",
                },
                "currency": {
                    "type": "text",
                    "meaning": "converted by the seed `exchange_rates`; without the column there "
                        ~ "is one currency",
                },
            },
        },
        "customer_attributes": {
            "map": "customer_attribute_columns",
            "row": "one row per customer, or per answer of a customer",
            "journey_model": "demo_customer_value__complete_journey_customer_attributes",
            "absence": "no column %s: name yours",
            "reserved_names": ["overall", "acquisition_quarter", "first_value_band"],
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer with the attributes",
                },
                "attribute": {
                    "type": "text",
                    "meaning": "in the long form, one row per answer: the attribute, or question, "
                        ~ "of the row; used with `attribute_value`",
                },
                "attribute_value": {
                    "type": "any, kept as trimmed text",
                    "meaning": "in the long form: its value, or the answer; several rows of one day "
                        ~ "are the options chosen, where the seed `attribute_definitions` calls the "
                        ~ "attribute multi-select",
                },
                "answered_on": {
                    "type": "date, timestamp or text",
                    "meaning": "in both forms: date of the answer; of several rows the latest up "
                        ~ "to the as-of date counts",
                },
            },
            "other_columns": {
                "type": "any, kept as trimmed text",
                "meaning": "at least one attribute under a name of yours, such as `channel`; "
                    ~ "`acquisition_cost` is a number. Text that is a number has the decimal sign of "
                    ~ "`decimal_separator`. Survival curves, cohorts and fairness have a group per "
                    ~ "value, of an attribute with at most "
                    ~ customer_value.most_attribute_values() ~ "; a number of more than ten values, "
                    ~ "such as an age, is grouped by bands of a fifth of the customers, as in "
                    ~ "`1: 18 to 34`",
                "if_unread": {
                    "acquisition_cost": ", so that the seed acquisition_costs is used instead"
                },
            },
        },
        "service_activities": {
            "map": "service_activity_columns",
            "row": "one row per service that a customer received",
            "absence": "no column %s: name yours",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer who received the service",
                },
                "activity": {
                    "type": "text",
                    "is_required": true,
                    "meaning": "the service, such as a call; its rate is in the seed `cost_rates`",
                },
                "performed_at": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "time of the service; text is ISO 8601 or in `date_format`",
                },
                "quantity": {
                    "type": "number or text",
                    "meaning": "quantity of the service; 1 where the column is missing",
                },
            },
        },
        "campaign_contacts": {
            "map": "campaign_contact_columns",
            "row": "one row per contact of a campaign with a customer",
            "journey_model": "demo_customer_value__complete_journey_campaign_contacts",
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer who was contacted",
                },
                "campaign_id": {
                    "type": "any", "is_required": true, "meaning": "the campaign"
                },
                "contacted_at": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "time of the contact; text is ISO 8601 or in `date_format`; for "
                        ~ "customers held out, the day on which they would have been contacted",
                },
                "variant": {
                    "type": "text",
                    "meaning": "arm of an experiment; customers in the arm `control_variant` were "
                        ~ "held out",
                },
                "responded": {
                    "type": "boolean, number or text",
                    "meaning": "true where the customer responded; empty counts as no",
                },
                "response_value": {
                    "type": "number or text",
                    "meaning": "value of the response, in the currency, not in cents",
                },
                "cost": {
                    "type": "number or text",
                    "meaning": "cost of the contact, in the currency, not in cents",
                },
                "channel": {
                    "type": "text",
                    "meaning": "channel of the contact, for the seed `frequency_caps`; without it "
                        ~ "a contact counts for every channel",
                },
                "planned_share": {
                    "type": "number or text",
                    "meaning": "planned share of this arm among the experiment's customers",
                },
                "exposed": {
                    "type": "boolean, number or text",
                    "meaning": "whether the contact reached the customer; for a second estimate beside "
                        ~ "that of all who were assigned",
                },
                "score": {
                    "type": "number or text",
                    "meaning": "score by which the campaign ranked the customers, higher is "
                        ~ "better, such as the `probability` of `campaign_audience`; for results "
                        ~ "by score",
                },
            },
        },
        "subscriptions": {
            "map": "subscription_columns",
            "row": "one row per period of a subscription",
            "simulated_model": "demo_customer_value__subscriptions",
            "switches_on": "subscriptions",
            "absence": "no column for %s: name it",
            "columns": {
                "subscription_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the subscription; its periods follow one another",
                },
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer with the subscription",
                },
                "started_on": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "first day; text is ISO 8601 or in `date_format`",
                },
                "ended_on": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "the first day that is no longer covered; empty means that it goes "
                        ~ "on",
                },
                "amount": {
                    "type": "number or text",
                    "is_required": true,
                    "meaning": "price of a billing interval, in the currency, not in cents; 0 "
                        ~ "means free of charge, a negative amount is a credit",
                },
                "billing_interval": {
                    "type": "text or number",
                    "meaning": "day, week, two weeks, month, quarter, half-year, year, or a "
                        ~ "number of months; without the column the var `billing_interval`",
                },
                "plan": {"type": "text", "meaning": "the subscribed plan"},
                "quantity": {
                    "type": "number or text",
                    "meaning": "number of seats; times `amount` it is the price of an interval; 1 "
                        ~ "where it is empty",
                },
                "trial_ends_on": {
                    "type": "date, timestamp or text",
                    "meaning": "first paid day, where the period begins with a trial",
                },
                "cancelled_on": {
                    "type": "date, timestamp or text",
                    "meaning": "date of the cancellation; the period is paid for up to its end",
                },
                "churn_reason": {
                    "type": "text",
                    "meaning": "compared with the var `involuntary_churn_reasons`",
                },
                "is_paused": {
                    "type": "boolean, number or text",
                    "meaning": "yes: nothing is billed in the period, and the customer is "
                        ~ "expected back; the words of `is_return`",
                },
                "currency": {
                    "type": "text", "meaning": "must be one currency; convert others first"
                },
            },
        },
        "subscription_payments": {
            "map": "subscription_payment_columns",
            "row": "one row per payment of a subscription",
            "switches_on": "subscriptions",
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer who paid",
                },
                "paid_on": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "first day that the payment covers, for one billing interval",
                },
                "amount": {
                    "type": "number or text",
                    "is_required": true,
                    "meaning": "amount paid, in the currency, not in cents; negative for a refund",
                },
                "billing_interval": {
                    "type": "text or number",
                    "meaning": "as in `subscriptions`; never inferred from the dates",
                },
                "subscription_id": {
                    "type": "any, kept as trimmed text",
                    "meaning": "the subscription; without it a customer has one",
                },
                "payment_id": {
                    "type": "any",
                    "meaning": "two payments with one id are duplicates; without it equal ones of "
                        ~ "a subscription and day are",
                },
                "plan": {"type": "text", "meaning": "the plan that was paid for"},
                "currency": {
                    "type": "text", "meaning": "must be one currency; convert others first"
                },
            },
        },
        "subscription_changes": {
            "map": "subscription_change_columns",
            "row": "one row per change of a customer's monthly recurring revenue (MRR)",
            "switches_on": "subscriptions",
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer whose revenue changed",
                },
                "changed_on": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "first day of the new revenue",
                },
                "mrr_change": {
                    "type": "number or text",
                    "is_required": true,
                    "meaning": "amount of the change, in the currency, not in cents; the running "
                        ~ "sum is the revenue per month",
                },
                "billing_interval": {
                    "type": "text or number", "meaning": "as in `subscriptions`"
                },
                "currency": {
                    "type": "text", "meaning": "must be one currency; convert others first"
                },
            },
        },
        "events": {
            "map": "event_columns",
            "row": "one row per event in the product",
            "trial_model": "demo_customer_value__events",
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer; written as in `trials`",
                },
                "occurred_at": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "time of the event; text is ISO 8601, regardless of `date_format`",
                },
                "event_name": {
                    "type": "text",
                    "is_required": true,
                    "meaning": "name of the event; its role is in the seed `event_definitions`, "
                        ~ "and an event without a row there is noise",
                },
                "event_id": {
                    "type": "any",
                    "meaning": "two events with one id are duplicates; without it, events that are "
                        ~ "equal in all columns are",
                },
                "feature": {
                    "type": "text",
                    "meaning": "part of the product; without it the event's name",
                },
                "session_id": {"type": "any", "meaning": "the session"},
            },
        },
        "trials": {
            "map": "trial_columns",
            "row": "one row per trial of the product",
            "trial_model": "demo_customer_value__trials",
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer on trial; the first trial of a customer counts",
                },
                "trial_started_at": {
                    "type": "date, timestamp or text",
                    "is_required": true,
                    "meaning": "beginning of the trial; text is ISO 8601 or in `date_format`",
                },
                "trial_ends_at": {
                    "type": "date, timestamp or text",
                    "meaning": "end of the trial; without it the var `trial_length_days`",
                },
                "converted_at": {
                    "type": "date, timestamp or text",
                    "meaning": "time of the first payment; empty means none yet",
                },
            },
        },
        "suppressions": {
            "map": "suppression_columns",
            "row": "one row per customer, channel and reason not to be addressed",
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer who must not be addressed",
                },
                "channel": {
                    "type": "text",
                    "meaning": "a channel of the seed `audiences`, in any case and with or "
                        ~ "without hyphens; empty, or one that no seed names, means every channel",
                },
                "reason": {"type": "text", "meaning": "the reason; `suppressed` where it is empty"},
                "starts_on": {
                    "type": "date, timestamp or text",
                    "if_unread": ", so that it holds from the first day",
                    "meaning": "first day; empty means that it has always held",
                },
                "ends_on": {
                    "type": "date, timestamp or text",
                    "if_unread": ", so that it does not end",
                    "meaning": "the first day on which it no longer holds; empty means that it "
                        ~ "does not end",
                },
            },
        },
        "consents": {
            "map": "consent_columns",
            "row": "one row per decision of a customer about a channel",
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer who decided; customers without a row have not "
                        ~ "consented",
                },
                "channel": {
                    "type": "text",
                    "meaning": "a channel of the seed `audiences`, in any case and with or "
                        ~ "without hyphens; empty means every channel; for a channel that no seed "
                        ~ "names, a refusal holds for every channel and a consent for none",
                },
                "granted": {
                    "type": "boolean, number or text",
                    "is_required": true,
                    "if_unread": ", which is a refusal",
                    "meaning": "yes: may be addressed; the words of `is_return`; empty means a "
                        ~ "refusal",
                },
                "decided_on": {
                    "type": "date, timestamp or text",
                    "if_unread": ", so that a refusal counts as the last decision and a consent as the first",
                    "meaning": "date of the decision; the last decision counts, and of several on "
                        ~ "one day the refusal; without a date a refusal counts as the last, "
                        ~ "whatever consent comes later, and a consent as the first",
                },
            },
        },
        "erasure_requests": {
            "map": "erasure_request_columns",
            "row": "one row per customer who asked to be forgotten",
            "absence": "no column for %s: name it",
            "columns": {
                "customer_id": {
                    "type": "any, kept as trimmed text",
                    "is_required": true,
                    "meaning": "the customer; written as in the other inputs",
                },
            },
        },
    }) -}}
{% endmacro %}
