{# Every var is looked at before the first model runs; a bad one gets a sentence. #}
{% macro validate_vars() %}
    {%- if not execute -%}{{- return("") -}}{%- endif -%}

    {%- set at_least_one = "a whole number of at least 1" -%}
    {%- for name in ["horizon_days", "activity_days"] -%}
        {%- set value = var(name) -%}
        {%- if not customer_value.is_whole_number(value) or not 1 <= value <= 3650 -%}
            {{- customer_value.raise_var_error(name, "a whole number of days from 1 to 3650") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- if var("holdout_days") not in ["", none] -%}
        {%- set value = var("holdout_days") -%}
        {%- if not customer_value.is_whole_number(value) or value < 1 -%}
            {{- customer_value.raise_var_error(
                "holdout_days", "empty or " ~ at_least_one ~ " (days)"
            ) -}}
        {%- endif -%}
    {%- endif -%}
    {%- if var("lapse_after_days") not in ["", none] -%}
        {%- set value = var("lapse_after_days") -%}
        {%- if not customer_value.is_whole_number(value) or not 1 <= value <= 3650 -%}
            {{- customer_value.raise_var_error(
                "lapse_after_days", "empty or a whole number of days from 1 to 3650"
            ) -}}
        {%- endif -%}
    {%- endif -%}
    {%- set value = var("history_months") -%}
    {%- if not customer_value.is_whole_number(value) or not 0 <= value <= 120 -%}
        {{- customer_value.raise_var_error(
            "history_months", "a whole number of months from 0 to 120"
        ) -}}
    {%- endif -%}
    {%- if not customer_value.is_number(var("annual_discount_rate"))
        or var("annual_discount_rate") < 0 -%}
        {{- customer_value.raise_var_error(
            "annual_discount_rate", "a number of 0 or more, 0.10 for ten per cent a year"
        ) -}}
    {%- endif -%}
    {%- if not customer_value.is_number(var("gross_margin"))
        or not 0 < var("gross_margin") <= 1 -%}
        {{- customer_value.raise_var_error(
            "gross_margin", "a share above 0 and at most 1"
        ) -}}
    {%- endif -%}
    {%- if not customer_value.is_number(var("minimum_cluster_share"))
        or not 0 <= var("minimum_cluster_share") < 0.5 -%}
        {{- customer_value.raise_var_error(
            "minimum_cluster_share", "a share from 0 to below 0.5"
        ) -}}
    {%- endif -%}
    {%- if not customer_value.is_number(var("spend_cap_percentile"))
        or not 50 <= var("spend_cap_percentile") <= 100 -%}
        {{- customer_value.raise_var_error(
            "spend_cap_percentile", "a percentile from 50 to 100; 100 caps nothing"
        ) -}}
    {%- endif -%}
    {%- if not customer_value.is_whole_number(var("fit_customer_limit"))
        or var("fit_customer_limit") < 100 -%}
        {{- customer_value.raise_var_error(
            "fit_customer_limit", "a whole number of at least 100 customers"
        ) -}}
    {%- endif -%}
    {%- if not customer_value.is_whole_number(var("random_seed"))
        or not 0 <= var("random_seed") < 4294967296 -%}
        {{- customer_value.raise_var_error(
            "random_seed", "a whole number from 0 to 4294967295"
        ) -}}
    {%- endif -%}
    {%- for name in ["campaign_budget", "contact_cost"] -%}
        {%- if not customer_value.is_number(var(name)) or var(name) <= 0 -%}
            {{- customer_value.raise_var_error(name, "an amount above 0") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- if var("propensity") not in [true, false] -%}
        {{- customer_value.raise_var_error("propensity", "true or false") -}}
    {%- endif -%}
    {%- if not customer_value.is_whole_number(var("propensity_row_limit"))
        or var("propensity_row_limit") < 1000 -%}
        {{- customer_value.raise_var_error(
            "propensity_row_limit", "a whole number of at least 1000 rows"
        ) -}}
    {%- endif -%}
    {%- for name in ["control_share", "test_power"] -%}
        {%- if not customer_value.is_number(var(name)) or not 0 < var(name) < 1 -%}
            {{- customer_value.raise_var_error(name, "a share above 0 and below 1") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- if not customer_value.is_number(var("wished_lift")) or not 0 < var("wished_lift") <= 10 -%}
        {{- customer_value.raise_var_error(
            "wished_lift", "a number above 0, 0.10 for a tenth more than without"
        ) -}}
    {%- endif -%}
    {%- if var("control_variant") is string and not var("control_variant") | trim -%}
        {{- customer_value.raise_var_error(
            "control_variant", "what the column variant says of customers held out"
        ) -}}
    {%- endif -%}
    {%- for name in ["vip_share", "high_share", "medium_share", "decay_retention_share"] -%}
        {%- if not customer_value.is_number(var(name)) or not 0 < var(name) <= 1 -%}
            {{- customer_value.raise_var_error(name, "a share above 0 and at most 1") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- for lower, upper in [("vip_share", "high_share"), ("high_share", "medium_share")]
        if var(lower) >= var(upper) -%}
        {{- customer_value.raise_var_error(
            lower, "below " ~ upper ~ " (" ~ var(upper) ~ "): the shares add up from the top"
        ) -}}
    {%- endfor -%}
    {%- for name in [
        "marketing_budget_share",
        "reallocation_share",
        "budget_floor_share",
        "budget_cap_share",
        "divest_reallocation_share",
    ] -%}
        {%- if not customer_value.is_number(var(name)) or not 0 <= var(name) <= 1 -%}
            {{- customer_value.raise_var_error(name, "a share from 0 to 1") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- if var("budget_floor_share") > var("budget_cap_share") -%}
        {{- customer_value.raise_var_error(
            "budget_floor_share",
            "at most budget_cap_share (" ~ var("budget_cap_share") ~ ")"
        ) -}}
    {%- endif -%}
    {%- set value = var("bootstrap_replicates") -%}
    {%- if not customer_value.is_whole_number(value) or not 10 <= value <= 10000 -%}
        {{- customer_value.raise_var_error(
            "bootstrap_replicates", "a whole number from 10 to 10000"
        ) -}}
    {%- endif -%}
    {%- for name in ["minimum_customers", "minimum_repeat_customers"] -%}
        {%- if not customer_value.is_whole_number(var(name)) or var(name) < 0 -%}
            {{- customer_value.raise_var_error(
                name, "a whole number of 0 or more customers; below it a build warns"
            ) -}}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in [
        "minimum_history_multiple",
        "maximum_spend_correlation",
        "maximum_early_arrival_ratio",
        "maximum_bias_share",
        "maximum_group_gap",
    ] -%}
        {%- if not customer_value.is_number(var(name)) or var(name) < 0 -%}
            {{- customer_value.raise_var_error(name, "a number of 0 or more") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, choices in {
        "purchase_model": ["bg_nbd", "mbg_nbd", "pareto_nbd"],
        "value_model": [
            "probabilistic", "ridge", "random_forest", "gradient_boosting", "neural_network"
        ],
        "rfm_scoring": ["quintiles", "ntile", "thresholds"],
        "demo": ["cdnow", "complete_journey"],
    }.items() if var(name) not in choices -%}
        {{- customer_value.raise_var_error(name, "one of " ~ choices | join(", ")) -}}
    {%- endfor -%}
    {%- if var("value_model") != "probabilistic" and not var("propensity") -%}
        {{- customer_value.raise_var_error(
            "value_model", "probabilistic while the var propensity is false"
        ) -}}
    {%- endif -%}
    {%- if "model.customer_value.fit_customer_value__value_learners" in selected_resources
        and "model.customer_value.int_customer_value__customer_totals" in selected_resources
        and "model.customer_value.int_customer_value__customer_days" not in selected_resources -%}
        {{- exceptions.raise_compiler_error(
            "value_model: " ~ var("value_model") ~ " learns from past dates, which "
            ~ "--selector core leaves out: run dbt build, or dbt build --select +customers."
        ) -}}
    {%- endif -%}
    {%- if var("drop_identical_lines") not in ["auto", true, false] -%}
        {{- customer_value.raise_var_error("drop_identical_lines", "auto, true or false") -}}
    {%- endif -%}
    {%- for name in ["excluded_statuses", "excluded_products"] -%}
        {%- if var(name) is string or var(name) is mapping or var(name) is not iterable -%}
            {{- customer_value.raise_var_error(name, "a list, [] for none") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in [
        "date_format", "timezone", "return_order_prefix", "transactions", "customer_attributes",
        "published_path", "service_activities", "campaign_contacts", "control_variant"
    ] if var(name) is not string -%}
        {{- customer_value.raise_var_error(name, "text") -}}
    {%- endfor -%}
    {%- if not modules.re.match("^[A-Za-z0-9_+/-]+$", var("timezone")) -%}
        {{- customer_value.raise_var_error("timezone", "a zone's name such as Europe/Paris") -}}
    {%- endif -%}
    {{- customer_value.validate_cluster_counts(var("cluster_counts")) -}}
    {{- customer_value.validate_as_of_date((var("as_of_date") or "") | string) -}}
    {{- customer_value.validate_standard_columns(
        "transaction_columns", customer_value.standard_transaction_columns()
    ) -}}
    {{- customer_value.validate_attribute_columns(var("customer_attribute_columns") or {}) -}}
    {{- customer_value.validate_activity_columns(var("service_activity_columns") or {}) -}}
    {{- customer_value.validate_standard_columns(
        "campaign_contact_columns", customer_value.standard_contact_columns()
    ) -}}
{% endmacro %}


{% macro validate_cluster_counts(counts) %}
    {%- set wrong = namespace(found=counts is string or counts is not iterable or not counts) -%}
    {%- if not wrong.found -%}
        {%- for count in counts -%}
            {%- if not customer_value.is_whole_number(count) or not 2 <= count <= 20 -%}
                {%- set wrong.found = true -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if wrong.found -%}
        {{- customer_value.raise_var_error(
            "cluster_counts", "a list of whole numbers from 2 to 20"
        ) -}}
    {%- endif -%}
{% endmacro %}


{% macro validate_as_of_date(text) %}
    {%- if text == "" -%}{{- return("") -}}{%- endif -%}
    {%- set parts = modules.re.match("^([0-9]{4})-([0-9]{2})-([0-9]{2})$", text) -%}
    {%- set is_date = namespace(yes=false) -%}
    {%- if parts -%}
        {%- set year, month, day = parts[1] | int, parts[2] | int, parts[3] | int -%}
        {%- if year >= 1900 and 1 <= month <= 12 -%}
            {%- set next_month = modules.datetime.date(
                year + month // 12, month % 12 + 1, 1
            ) -%}
            {%- set last = next_month - modules.datetime.timedelta(days=1) -%}
            {%- set is_date.yes = 1 <= day <= last.day -%}
        {%- endif -%}
    {%- endif -%}
    {%- if not is_date.yes -%}
        {{- customer_value.raise_var_error(
            "as_of_date", "empty or a date written YYYY-MM-DD"
        ) -}}
    {%- endif -%}
{% endmacro %}


{# A map from standard names to columns of an input. #}
{% macro validate_standard_columns(map_name, standard) %}
    {%- set columns = var(map_name) or {} -%}
    {%- if columns is not mapping -%}
        {{- customer_value.raise_var_error(
            map_name, "a map from standard name to your column"
        ) -}}
    {%- endif -%}
    {%- for name, column in columns.items() -%}
        {%- if name not in standard -%}
            {{- exceptions.raise_compiler_error(
                map_name ~ " maps " ~ name ~ ", which is no standard name; the "
                ~ "standard names are: " ~ standard | join(", ") ~ "."
            ) -}}
        {%- endif -%}
        {%- if column is not string or column | trim == "" -%}
            {{- exceptions.raise_compiler_error(
                map_name ~ " maps " ~ name ~ " to nothing: name a column of the "
                ~ "input, or leave the entry out."
            ) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{% macro validate_attribute_columns(columns) %}
    {%- if columns is not mapping -%}
        {{- customer_value.raise_var_error(
            "customer_attribute_columns", "a map from attribute name to your column"
        ) -}}
    {%- endif -%}
    {%- if columns and "customer_id" not in columns -%}
        {{- exceptions.raise_compiler_error(
            "customer_attribute_columns has no customer_id: name the column that says whose "
            ~ "attributes they are."
        ) -}}
    {%- endif -%}
    {%- for name, column in columns.items() if column is not string or column | trim == "" -%}
        {{- exceptions.raise_compiler_error(
            "customer_attribute_columns maps " ~ name ~ " to nothing: name a column of the "
            ~ "input, or leave the entry out."
        ) -}}
    {%- endfor -%}
{% endmacro %}


{% macro validate_activity_columns(columns) %}
    {%- if columns is not mapping -%}
        {{- customer_value.raise_var_error(
            "service_activity_columns", "a map from standard name to your column"
        ) -}}
    {%- endif -%}
    {%- set standard = customer_value.standard_service_activity_columns() -%}
    {%- for name, column in columns.items() -%}
        {%- if name not in standard -%}
            {{- exceptions.raise_compiler_error(
                "service_activity_columns maps " ~ name ~ ", which is no standard name; the "
                ~ "standard names are: " ~ standard | join(", ") ~ "."
            ) -}}
        {%- elif column is not string or column | trim == "" -%}
            {{- exceptions.raise_compiler_error(
                "service_activity_columns maps " ~ name ~ " to nothing: name a column of the "
                ~ "input, or leave the entry out."
            ) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{% macro is_number(value) %}
    {{- return(value is number and value is not boolean) -}}
{% endmacro %}

{% macro is_whole_number(value) %}
    {{- return(value is integer and value is not boolean) -}}
{% endmacro %}

{% macro raise_var_error(name, expected) %}
    {{- exceptions.raise_compiler_error(
        "The var " ~ name ~ " is " ~ (var(name) | tojson if var(name) is not none else "empty")
        ~ "; it must be " ~ expected ~ ". Set it under vars: customer_value: in "
        ~ "dbt_project.yml, or with --vars."
    ) -}}
{% endmacro %}
