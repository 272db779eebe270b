{# Every var by group: its kind, its bounds, its expected values (the end of the sentence that
   reports a wrong value), the meaning of an empty value, and the meaning of the var. The
   validation and the tables of docs/vars.md are made from this; the defaults are in
   dbt_project.yml. `from` and `to` are allowed values, `above` and `below` are not. #}
{% macro var_specifications() %}
    {%- set any_share = "a share from 0 to 1" -%}
    {%- set positive_share = "a share above 0 and at most 1" -%}
    {%- set inner_share = "a share above 0 and below 1" -%}
    {%- set days = "a whole number of days from 1 to 3650" -%}
    {%- set enough_customers = "a whole number of 0 or more customers; below it a build warns" -%}
    {%- set not_negative = "a number of 0 or more" -%}
    {%- set inputs = {
        "demo": {
            "kind": "choice",
            "choices": ["cdnow", "complete_journey", "subscriptions", "trials"],
            "meaning": "the input that is built while `transactions` is empty",
        },
    } -%}
    {%- for input, specification in customer_value.input_specifications().items() -%}
        {%- set noun = "attribute" if specification.other_columns else "standard" -%}
        {%- do inputs.update({
            input: {
                "kind": "text",
                "empty": "the demo" if specification.demo_model else "none",
                "meaning": ("" if specification.demo_model else "optional: ")
                    ~ specification.row ~ "; `schema.table`, `ref:model`, "
                    ~ "`source:name.table`, on DuckDB also a file or glob",
            },
            specification.map: {
                "kind": "map",
                "empty": "every column under its own name" if specification.other_columns
                    else "standard names",
                "expected": "a map from " ~ noun ~ " name to your column",
                "meaning": "the columns of `" ~ input ~ "`: " ~ noun ~ " name → your column",
            },
        }) -%}
    {%- endfor -%}
    {%- do inputs.update({
        "encoding": {
            "kind": "choice",
            "choices": ["utf-8", "utf-16", "latin-1"],
            "meaning": "the encoding of csv files. latin-1 reads the letters of windows-1252, as "
                ~ "older spreadsheets save it, and stops at its euro sign, typographic quotes and "
                ~ "dashes (bytes 80 to 9F): save such a file as UTF-8",
        },
        "date_format": {
            "kind": "text",
            "pattern": "^(|" ~ customer_value.date_words() | join("|")
                ~ "|(?=.*%)(%-?[aAbBcdfgGHIjmMnpSuUVwWxXyYzZ%]|[^%])+)$",
            "empty": "ISO 8601",
            "expected": "empty, strptime's letters such as %d/%m/%Y, or one of "
                ~ customer_value.date_words() | join(", "),
            "meaning": "the format of dates written as text: strptime's letters, such as "
                ~ "`%d/%m/%Y`; or a word for dates stored as numbers: epoch_seconds, "
                ~ "epoch_milliseconds, spreadsheet_serial. Where it is given, dates of "
                ~ "transactions in ISO 8601 are not read: write all of them in one format. Other "
                ~ "inputs may use either, except for events, which use ISO 8601. Columns with a "
                ~ "date type are read as they are",
        },
        "timezone": {
            "kind": "zone",
            "expected": "a zone's name such as Europe/Paris",
            "meaning": "time zone to which zoned timestamps are converted before the calendar "
                ~ "day is taken",
        },
        "decimal_separator": {
            "kind": "choice",
            "choices": [".", ","],
            "meaning": "the decimal sign of numbers written as text; never guessed",
        },
        "minor_units": {
            "kind": "whole number",
            "from": 1,
            "to": 1000,
            "expected": "1, 10, 100 or 1000",
            "meaning": "the number of units of the transactions in one unit of the currency: 100 "
                ~ "where their `amount`, `unit_price`, `cost` and `refunded_amount` are in cents. "
                ~ "All other inputs, such as subscriptions, are in units of the currency: divide "
                ~ "there first. For a currency without cents, multiply its rate in "
                ~ "`exchange_rates`",
        },
        "missing_customer_ids": {
            "kind": "list",
            "expected": "a list of ids, [] for none",
            "meaning": "customer ids that mean a missing customer (case-insensitive)",
        },
        "customer_id_format": {
            "kind": "choice",
            "choices": ["text", "email"],
            "meaning": "email: upper and lower case, and blanks, do not distinguish customers",
        },
        "excluded_statuses": {
            "kind": "list",
            "expected": "a list of words or numbers, [] for none",
            "meaning": "statuses whose lines are excluded (case-insensitive)",
        },
        "excluded_products": {
            "kind": "list",
            "expected": "a list of words or numbers, [] for none",
            "meaning": "products whose lines are excluded: postage, gift cards",
        },
        "return_order_prefix": {
            "kind": "text",
            "empty": "none",
            "meaning": "order ids with this prefix are returns",
        },
        "drop_identical_lines": {
            "kind": "choice",
            "choices": ["auto", true, false],
            "expected": "auto, true or false",
            "meaning": "auto: equal lines of one order are duplicates; true: all equal lines are; "
                ~ "false: none are",
        },
    }) -%}
    {{- return({
        "Capabilities": {
            "modules": {
                "kind": "list",
                "expected": "a list of " ~ customer_value.capabilities() | join(", ")
                    ~ "; [] builds the core alone",
                "meaning": "the capabilities that are built beside the core; `[]` builds the core "
                    ~ "alone",
            },
        },
        "Inputs": inputs,
        "Dates": {
            "as_of_date": {
                "kind": "date",
                "empty": "the last date of the log",
                "before": "2262",
                "expected": "empty or a date written YYYY-MM-DD, from 1900 to 2261",
                "meaning": "the date treated as today",
            },
            "maximum_as_of_gap_days": {
                "kind": "whole number",
                "from": 1,
                "empty": "no limit",
                "expected": "empty or a whole number of at least 1 (days)",
                "meaning": "where `as_of_date` is empty: the number of days that the last date "
                    ~ "may lie after 99 % of the lines; later lines are future_dated, including "
                    ~ "those of subscriptions. Logs of fewer than ten lines have no limit",
            },
            "holdout_days": {
                "kind": "whole number",
                "from": 1,
                "to": 3650,
                "empty": "half of the observed days, at most `horizon_days`",
                "expected": "empty or " ~ days,
                "meaning": "length of the holdout before the as-of date",
            },
            "history_months": {
                "kind": "whole number",
                "from": 0,
                "to": 120,
                "expected": "a whole number of months from 0 to 120",
                "meaning": "number of past month ends at which customers are scored; 0 for none, "
                    ~ "which leaves tables that compare month ends empty",
            },
        },
        "Forecasts": {
            "horizon_days": {
                "kind": "whole number",
                "from": 1,
                "to": 3650,
                "expected": days,
                "meaning": "horizon of the lifetime value (the columns that end in 365d)",
            },
            "activity_days": {
                "kind": "whole number",
                "from": 1,
                "to": 3650,
                "expected": days,
                "meaning": "window of the forecasts of whether customers come back (the columns "
                    ~ "that end in 90d)",
            },
            "forecast_months": {
                "kind": "whole number",
                "from": 12,
                "to": 120,
                "expected": "a whole number of months from 12 to 120",
                "meaning": "number of months ahead in the forecasts for decisions",
            },
            "annual_discount_rate": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": "a number from 0 to 1, 0.10 for ten per cent a year",
                "meaning": "discount rate per year of 365 days",
            },
            "gross_margin": {
                "kind": "number",
                "above": 0,
                "to": 1,
                "expected": positive_share,
                "meaning": "share of the spend that is margin",
            },
            "purchase_model": {
                "kind": "choice",
                "choices": ["bg_nbd", "mbg_nbd", "pareto_nbd"],
                "meaning": "the purchase model of the `classical_` columns of `customers`, and of all its "
                    ~ "forecasts where `value_model` is probabilistic",
            },
            "spend_cap_percentile": {
                "kind": "number",
                "from": 50,
                "to": 100,
                "expected": "a percentile from 50 to 100; 100 caps nothing",
                "meaning": "spend above this percentile is capped for the fit of the spend model",
            },
            "lapse_after_days": {
                "kind": "whole number",
                "from": 1,
                "to": 3650,
                "empty": "the 95th percentile of the gaps",
                "expected": "empty or " ~ days,
                "meaning": "days without a purchase after which a customer has lapsed",
            },
            "bootstrap_replicates": {
                "kind": "whole number",
                "from": 10,
                "to": 10000,
                "expected": "a whole number from 10 to 10000",
                "meaning": "number of refits behind `forecast_intervals`",
            },
            "value_model": {
                "kind": "choice",
                "choices": customer_value.value_models_without_learner()
                    + ["ridge", "random_forest", "gradient_boosting", "neural_network"],
                "meaning": "the source of the forecasts of `customers`: the MBG/NBD corrected by "
                    ~ "the outcomes after earlier dates (corrected), the purchase and spend "
                    ~ "models alone (probabilistic), or these with the lifetime value of a "
                    ~ "learner",
            },
            "fit_group": {
                "kind": "text",
                "expected": "empty, the name of an attribute, or customer_group",
                "empty": "one purchase model for all",
                "meaning": "customers of each value of this attribute have a purchase model of "
                    ~ "their own, where there are at least `minimum_customers` of them",
            },
            "fit_customer_limit": {
                "kind": "whole number",
                "from": 100,
                "expected": "a whole number of at least 100 customers",
                "meaning": "the models are fitted and evaluated on at most this many customers",
            },
            "random_seed": {
                "kind": "whole number",
                "from": 0,
                "to": 4294967295,
                "expected": "a whole number from 0 to 4294967295",
                "meaning": "seed of K-Means and the bootstraps",
            },
        },
        "Scores, tiers and clusters": {
            "rfm_scoring": {
                "kind": "choice",
                "choices": ["quintiles", "ntile", "thresholds"],
                "meaning": "quintiles (ties share a score), ntile (the textbook split) or "
                    ~ "thresholds (the seed `rfm_thresholds`)",
            },
            "vip_share": {
                "kind": "number",
                "above": 0,
                "to": 1,
                "expected": "a share above 0 and below high_share",
                "meaning": "the tier VIP has this share of the customers, from the top",
            },
            "high_share": {
                "kind": "number",
                "above": 0,
                "to": 1,
                "expected": "a share above vip_share and below medium_share",
                "meaning": "VIP and High together have this share",
            },
            "medium_share": {
                "kind": "number",
                "above": 0,
                "to": 1,
                "expected": "a share above high_share and at most 1",
                "meaning": "VIP, High and Medium together have this share; the rest is Low",
            },
            "cluster_counts": {
                "kind": "whole numbers",
                "from": 2,
                "to": 20,
                "expected": "a list of different whole numbers from 2 to 20",
                "meaning": "candidate numbers of clusters",
            },
            "minimum_cluster_share": {
                "kind": "number",
                "from": 0,
                "below": 0.5,
                "expected": "a share from 0 to below 0.5",
                "meaning": "a candidate with a smaller cluster is not selected",
            },
            "cluster_features": {
                "kind": "list",
                "expected": "a list of " ~ customer_value.cluster_feature_choices() | join(", ")
                    ~ " or attributes that are numbers; [] is none",
                "meaning": "features of K-Means beside recency, orders and spend",
            },
        },
        "Decisions": {
            "decay_retention_share": {
                "kind": "number",
                "above": 0,
                "to": 1,
                "expected": positive_share,
                "meaning": "a segment has decayed once fewer of its customers buy in a month than "
                    ~ "this share of those who bought in the first",
            },
            "marketing_budget_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "the budget as a share of next year's expected revenue, where the seed "
                    ~ "`current_budget` has no row",
            },
            "reallocation_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "share of the budget that the shifted scenario moves at most; with "
                    ~ "named segments, share of the givers' budget that it moves",
            },
            "reallocation_from": {
                "kind": "list",
                "expected": "a list of segments, [] lets the marginal returns decide",
                "meaning": "segments whose budget the shifted scenario takes from",
            },
            "reallocation_to": {
                "kind": "list",
                "expected": "a list of segments, [] lets the marginal returns decide",
                "meaning": "segments to whose budget it adds",
            },
            "budget_floor_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "no segment is moved below this share of the budget",
            },
            "budget_cap_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "no segment is moved above this share of the budget",
            },
            "divest_reallocation_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "share of the budget and the cost to serve of Divest segments that "
                    ~ "moves to Invest",
            },
            "service_loss_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "share of its margin that a segment would lose without any service; of "
                    ~ "less service, in proportion; an assumption",
            },
        },
        "Propensity and experiments": {
            "propensity_row_limit": {
                "kind": "whole number",
                "from": 1000,
                "expected": "a whole number of at least 1000 rows",
                "meaning": "approximate maximum number of rows used to train, and to test, a "
                    ~ "propensity model",
            },
            "campaign_budget": {
                "kind": "number",
                "above": 0,
                "expected": "an amount above 0",
                "meaning": "maximum cost of a campaign",
            },
            "contact_cost": {
                "kind": "number",
                "above": 0,
                "expected": "an amount above 0",
                "meaning": "cost of one contact",
            },
            "campaign_experiment": {
                "kind": "text",
                "pattern": "^[^\"]+$",
                "expected": "the name of the campaign's experiment",
                "meaning": "the experiment that measures the campaign: its control is drawn from "
                    ~ "`campaign_audience`; a row of the seed `experiments` may give its share",
            },
            "response_value": {
                "kind": "number",
                "from": 0,
                "empty": "the mean of the contacts' `response_value`",
                "expected": "empty or an amount of 0 or more",
                "meaning": "value of a response; where it is unknown, `campaign_audience` ranks "
                    ~ "by probability and fills the budget",
            },
            "minimum_group_ratio": {
                "kind": "number",
                "above": 0,
                "to": 1,
                "expected": positive_share,
                "meaning": "a group whose rate is below this share of the best group's, beyond "
                    ~ "chance, is flagged by `propensity_fairness`; 0.8 is the four-fifths rule",
            },
            "control_share": {
                "kind": "number",
                "above": 0,
                "below": 1,
                "expected": inner_share,
                "meaning": "share of the customers that an experiment holds out",
            },
            "control_variant": {
                "kind": "text",
                "pattern": "[^ ]",
                "expected": "the variant of the customers held out, as text",
                "meaning": "the value of the column variant for customers held out, in any case; other "
                    ~ "variants of a campaign that differ by case alone are one arm, under the first "
                    ~ "of their spellings",
            },
            "wished_lift": {
                "kind": "number",
                "above": 0,
                "to": 10,
                "expected": "a number above 0, 0.10 for a tenth more than without",
                "meaning": "relative lift worth finding",
            },
            "test_power": {
                "kind": "number",
                "above": 0,
                "below": 1,
                "expected": inner_share,
                "meaning": "probability of finding a lift of `wished_lift`",
            },
        },
        "Subscriptions": {
            "billing_interval": {
                "kind": "text",
                "pattern": "^(|" ~ customer_value.billing_intervals() | join("|") ~ ")$",
                "empty": "a column of the input states it",
                "expected": "empty or one of " ~ customer_value.billing_intervals() | join(", "),
                "meaning": "billing interval of a subscription, where its row has none",
            },
            "subscription_grace_days": {
                "kind": "whole number",
                "from": 0,
                "to": 3650,
                "expected": "a whole number of days from 0 to 3650",
                "meaning": "days without a payment after which a subscriber has churned, dated at "
                    ~ "the end of the paid time",
            },
            "subscription_pause_days": {
                "kind": "whole number",
                "from": 0,
                "to": 3650,
                "expected": "a whole number of days from 0 to 3650",
                "meaning": "maximum number of days for which a pause counts in the recurring "
                    ~ "revenue",
            },
            "renewal_notice_days": {
                "kind": "whole number",
                "from": 0,
                "to": 365,
                "expected": "a whole number of days from 0 to 365",
                "meaning": "number of days before the due date at which the module `propensity` "
                    ~ "predicts whether a renewal is paid",
            },
            "subscription_model": {
                "kind": "choice",
                "choices": ["best", "geometric", "sbg", "bdw", "observed"],
                "meaning": "the model of the renewals; best chooses by likelihood, and by the "
                    ~ "distance from the observed curve",
            },
            "involuntary_churn_reasons": {
                "kind": "list",
                "expected": "a list, [] for none",
                "meaning": "reasons of churn that are not a decision of the customer "
                    ~ "(case-insensitive)",
            },
        },
        "Events": {
            "event_lookback_days": {
                "kind": "whole number",
                "from": 0,
                "to": 365,
                "expected": "a whole number of days from 0 to 365",
                "meaning": "number of days before the last day of the events that a run between "
                    ~ "two full builds reads again; later arrivals wait for a full build",
            },
            "maximum_event_gap_days": {
                "kind": "whole number",
                "from": 1,
                "empty": "no limit",
                "expected": "empty or a whole number of at least 1 (days)",
                "meaning": "where `as_of_date` is empty: the as-of date of the events is the last "
                    ~ "day that is reached, after 99 % of the events, without a longer gap "
                    ~ "between days with events; later events are future_dated. A product with "
                    ~ "longer breaks needs a higher value. Logs of fewer than ten events have no "
                    ~ "limit",
            },
            "trial_length_days": {
                "kind": "whole number",
                "from": 1,
                "to": 365,
                "expected": "a whole number of days from 1 to 365",
                "meaning": "length of a trial without an end in the input",
            },
            "trial_decision_days": {
                "kind": "whole numbers",
                "from": 1,
                "to": 365,
                "expected": "a list of different whole numbers from 1 to 365",
                "meaning": "days after the start of a trial on which its conversion is predicted",
            },
        },
        "Warnings": {
            "minimum_customers": {
                "kind": "whole number",
                "from": 0,
                "expected": enough_customers,
                "meaning": "a build warns of fewer customers, and a group of `fit_group` with fewer has "
                    ~ "the parameters of all",
            },
            "minimum_repeat_customers": {
                "kind": "whole number",
                "from": 0,
                "expected": enough_customers,
                "meaning": "a build warns of fewer customers with a second purchase",
            },
            "maximum_excluded_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "a build warns of each reason, except those set by vars, that excludes "
                    ~ "more than this share of an input's rows, or of its money",
            },
            "maximum_customer_order_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "a build warns of a customer with more than this share of all orders, "
                    ~ "and five times those of the next one: the id may not be a customer",
            },
            "maximum_negative_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "a build warns where more than this share of the kept lines is negative "
                    ~ "and nothing marks them as returns: the amount may be a profit",
            },
            "maximum_handful_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "a build names up to five customers who hold more than this share of "
                    ~ "the expected lifetime value, and ten times the value of as many average "
                    ~ "ones; and one who brought in more than it of the revenue, and twice that "
                    ~ "of an average one",
            },
            "minimum_history_multiple": {
                "kind": "number",
                "from": 0,
                "expected": not_negative,
                "meaning": "a build warns where fewer days were observed than this multiple of the "
                    ~ "horizon",
            },
            "maximum_spend_correlation": {
                "kind": "number",
                "from": 0,
                "expected": not_negative,
                "meaning": "a build warns of a stronger correlation of frequency and spend",
            },
            "maximum_early_arrival_ratio": {
                "kind": "number",
                "from": 0,
                "expected": not_negative,
                "meaning": "a build warns where first purchases in the first 30 days are this many "
                    ~ "times those in the middle one of the later windows of 30 days: the log may "
                    ~ "begin in the middle of the customers' lives",
            },
            "maximum_group_bias_share": {
                "kind": "number",
                "from": 0,
                "expected": not_negative,
                "meaning": "a build warns where the revenue of a segment is off by a larger "
                    ~ "share, once the error of the total is taken out",
            },
            "maximum_bias_share": {
                "kind": "number",
                "from": 0,
                "expected": not_negative,
                "meaning": "a build warns where a holdout total, or a mean probability, is off "
                    ~ "by a larger share, or where more of the spend was returned on later days",
            },
            "maximum_undone_share": {
                "kind": "number",
                "from": 0,
                "to": 1,
                "expected": any_share,
                "meaning": "`segment_stability` has a finding where the next date undoes more than "
                    ~ "this share of the changes",
            },
        },
        "Publication": {
            "published_path": {
                "kind": "text",
                "pattern": "^(?!(.*[/\\\\])?[.][.]([/\\\\]|$))",
                "expected": "auto, empty, or the path of a folder, without .. in it",
                "meaning": "the folder for readers; auto is a folder beside the DuckDB database, "
                    ~ "and empty publishes nothing",
            },
            "shop_name": {
                "kind": "text",
                "empty": "Customer value",
                "meaning": "the name at the top of the dashboard",
            },
            "semantic_layer": {
                "kind": "choice",
                "choices": ["auto", "all", "metrics", "off"],
                "meaning": "all = the metrics, with `calendar` as the time spine; metrics = "
                    ~ "without it, for a project that has a time spine; off = neither; auto = all "
                    ~ "in this project, off where another project has installed it. They need "
                    ~ "the module `history`",
            },
        },
    }) -}}
{% endmacro %}
