{# Checks every var before the first model runs; stops where any is wrong, with a sentence for each. #}
{% macro validate_vars() %}
    {%- if not execute -%}{{- return("") -}}{%- endif -%}
    {{- customer_value.require_database() -}}
    {%- set sentences = customer_value.unknown_vars() -%}
    {%- set wrong = customer_value.wrong_vars() -%}
    {%- if wrong -%}
        {%- do sentences.extend(wrong.values()) -%}
        {%- do sentences.append(
            "Set vars under vars: customer_value: in dbt_project.yml, or with --vars."
        ) -%}
    {%- endif -%}
    {%- if not ["modules", "value_model", "fit_group", "cluster_features"]
        | select("in", wrong) | list -%}
        {%- do sentences.extend(customer_value.wrong_modules()) -%}
    {%- endif -%}
    {%- do sentences.extend(customer_value.wrong_subscriptions()) -%}
    {%- for specification in customer_value.input_specifications().values()
        if specification.map not in wrong -%}
        {%- do sentences.extend(customer_value.wrong_input_map(specification)) -%}
    {%- endfor -%}
    {%- if sentences -%}
        {{- exceptions.raise_compiler_error(sentences | join("\n")) -}}
    {%- endif -%}
    {{- customer_value.require_core_of_modules() -}}
    {{- customer_value.require_python() -}}
{% endmacro %}


{# Var -> what is wrong with its value, as a sentence. Two vars are compared where each of them alone
   is right. #}
{% macro wrong_vars() %}
    {%- set wrong = {} -%}
    {%- for group in customer_value.var_specifications().values() -%}
        {%- for name, specification in group.items()
            if not customer_value.is_valid_var(specification, var(name)) -%}
            {%- do wrong.update({name: customer_value.wrong_var(
                name, customer_value.expected_var(specification)
            )}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for lower, upper in [("vip_share", "high_share"), ("high_share", "medium_share")]
        if lower not in wrong and upper not in wrong and var(lower) >= var(upper) -%}
        {%- do wrong.update({lower: customer_value.wrong_var(
            lower, "below " ~ upper ~ ", which is " ~ var(upper) ~ ": the shares add up from the top"
        )}) -%}
    {%- endfor -%}
    {%- if "budget_floor_share" not in wrong and "budget_cap_share" not in wrong
        and var("budget_floor_share") > var("budget_cap_share") -%}
        {%- do wrong.update({"budget_floor_share": customer_value.wrong_var(
            "budget_floor_share",
            "at most budget_cap_share (" ~ var("budget_cap_share") ~ ")"
        )}) -%}
    {%- endif -%}
    {%- if "minor_units" not in wrong and var("minor_units") not in [1, 10, 100, 1000] -%}
        {%- do wrong.update({
            "minor_units": customer_value.wrong_var("minor_units", "1, 10, 100 or 1000")
        }) -%}
    {%- endif -%}
    {{- return(wrong) -}}
{% endmacro %}


{# Whether a value is of the kind and within the bounds of its var. #}
{% macro is_valid_var(specification, value) %}
    {%- set kind = specification.kind -%}
    {%- if value in ["", none] and specification.empty and kind != "text" -%}
        {{- return(true) -}}
    {%- elif kind == "choice" -%}
        {{- return(
            (value is string or value is boolean) and value in specification.choices
        ) -}}
    {%- elif kind == "text" -%}
        {{- return(
            value is string
            and modules.re.search(specification.pattern or "", value) is not none
        ) -}}
    {%- elif kind == "zone" -%}
        {#- dbt 2 has no list of zones; there DuckDB refuses what is none. -#}
        {%- set zones = modules.pytz.all_timezones_set or [value] -%}
        {{- return(value is string and value in zones) -}}
    {%- elif kind == "map" -%}
        {{- return(value is mapping) -}}
    {%- elif kind == "date" -%}
        {{- return(
            customer_value.is_date_text(value | string)
            and (value | string) < specification.get("before", "9999")
        ) -}}
    {%- elif kind in ["list", "whole numbers"]
        and (value is string or value is mapping or value is not iterable) -%}
        {{- return(false) -}}
    {%- elif kind == "list" -%}
        {%- for item in value if item is not string and item is not number -%}
            {{- return(false) -}}
        {%- endfor -%}
        {{- return(true) -}}
    {%- endif -%}
    {%- set numbers = value if kind == "whole numbers" else [value] -%}
    {%- for number in numbers -%}
        {#- Infinity and what is no number at all (nan) are within any bounds. #}
        {%- if number is not number or number is boolean
            or number != number or number in [number + 1, number - 1]
            or (kind != "number" and number is not integer)
            or number < specification.get("from", number)
            or number > specification.get("to", number)
            or ("above" in specification and number <= specification.above)
            or ("below" in specification and number >= specification.below) -%}
            {{- return(false) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(numbers | length > 0 and numbers | unique | list | length == numbers | length) -}}
{% endmacro %}


{# What a var must be, as the end of a sentence. #}
{% macro expected_var(specification) %}
    {%- if specification.expected -%}
        {{- return(specification.expected) -}}
    {%- elif specification.kind == "choice" -%}
        {{- return("one of " ~ specification.choices | join(", ")) -}}
    {%- endif -%}
    {{- return(specification.kind) -}}
{% endmacro %}


{# Whether a text, YYYY-MM-DD, is a date of the calendar from 1900 on. #}
{% macro is_date_text(text) %}
    {%- if not modules.re.match("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", text) -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int -%}
    {%- if year < 1900 or month < 1 or month > 12 -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set is_leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
    {%- set february = 29 if is_leap_year else 28 -%}
    {%- set days = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] -%}
    {{- return(1 <= day and day <= days[month - 1]) -}}
{% endmacro %}


{# What is wrong with the map of an input, as sentences: a name that is not standard, unless the input
   may have other columns, or an empty column. #}
{% macro wrong_input_map(specification) %}
    {%- set columns = var(specification.map) or {} -%}
    {%- set sentences = [] -%}
    {%- if columns and specification.other_columns and "customer_id" not in columns -%}
        {%- do sentences.append(
            specification.map ~ " has no customer_id: name the column with the "
            ~ "ids of the customers."
        ) -%}
    {%- endif -%}
    {%- for name, column in columns.items() -%}
        {%- if not specification.other_columns and name not in specification.columns -%}
            {%- do sentences.append(
                specification.map ~ " maps " ~ name ~ ", which is not a standard name; the "
                ~ "standard names are: " ~ specification.columns | join(", ") ~ "."
            ) -%}
        {%- elif column is not string or column | trim == "" -%}
            {%- do sentences.append(
                specification.map ~ " maps " ~ name ~ " to nothing: name a column of the "
                ~ "input, or leave the entry out."
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(sentences) -}}
{% endmacro %}


{# The sentence that a wrong var gets. #}
{% macro wrong_var(name, expected) %}
    {{- return(
        "The var " ~ name ~ " is " ~ (var(name) | tojson if var(name) is not none else "empty")
        ~ "; it must be " ~ expected ~ "."
    ) -}}
{% endmacro %}
