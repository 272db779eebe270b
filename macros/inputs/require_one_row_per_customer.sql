{# Stops where the wide form has several rows for a customer, or for a customer and day, since no rule
   could choose among them. #}
{% macro require_one_row_per_customer() %}
    {%- if not execute or flags.EMPTY or not customer_value.input_value("customer_attributes") -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set columns = customer_value.input_map("customer_attributes") -%}
    {%- if customer_value.is_long_form(columns) -%}{{- return("") -}}{%- endif -%}
    {%- set found = run_query(
        "select count(distinct customer_id), min(customer_id) from ("
        ~ "select customer_id from " ~ this
        ~ " where customer_id is not null group by customer_id, attribute, answered_date"
        ~ " having count(*) > 1) as repeated"
    ).rows[0] -%}
    {%- if found[0] -%}
        {{- exceptions.raise_compiler_error(
            customer_value.input_value("customer_attributes") ~ " has more than one row for "
            ~ ("a customer, " if found[0] == 1 else found[0] ~ " customers, the first of them ")
            ~ found[1] ~ ": the var customer_attributes needs one row per customer"
            ~ (" and answered_on" if "answered_on" in columns else ", or the column answered_on, of"
            ~ " which the latest counts") ~ "."
        ) -}}
    {%- endif -%}
{% endmacro %}


{# Post-hook of int_attribute_answers: stops where the long form has several values of one day for a
   customer and an attribute that is not multi-select, or a name that a grouping has already. #}
{% macro require_one_answer() %}
    {%- if not execute or flags.EMPTY or not customer_value.input_value("customer_attributes") -%}
        {{- return("") -}}
    {%- endif -%}
    {%- set input = customer_value.input_value("customer_attributes") -%}
    {%- set found = run_query(
        "select count(*), min(customer_id), min(attribute) from (select customer_id, attribute from "
        ~ this ~ " where exclusion_reason is null and kind != 'multi-select' "
        ~ "group by customer_id, attribute having count(*) > 1) as repeated"
    ).rows[0] -%}
    {%- if found[0] -%}
        {{- exceptions.raise_compiler_error(
            input ~ " has several answers to " ~ found[2] ~ " of one day for the customer "
            ~ found[1] ~ (", and " ~ (found[0] - 1) ~ " more such" if found[0] > 1 else "")
            ~ ": keep one of them, date them in the column answered_on, or, where several may be "
            ~ "chosen, give " ~ found[2] ~ " the kind multi-select in the seed "
            ~ "attribute_definitions."
        ) -}}
    {%- endif -%}
    {%- set most = customer_value.most_attribute_options() -%}
    {%- set crowded = run_query(
        "select count(*), min(customer_id), min(attribute) from (select customer_id, attribute from "
        ~ this ~ " where exclusion_reason is null and kind = 'multi-select' "
        ~ "group by customer_id, attribute having sum(length(attribute_value) "
        ~ "- length(replace(attribute_value, ';', '')) + 1) > " ~ most ~ ") as crowded"
    ).rows[0] -%}
    {%- if crowded[0] -%}
        {{- exceptions.raise_compiler_error(
            input ~ " has more than " ~ most ~ " options of " ~ crowded[2] ~ " for the customer "
            ~ crowded[1] ~ (", and " ~ (crowded[0] - 1) ~ " more such" if crowded[0] > 1 else "")
            ~ ": group the options, or give " ~ crowded[2] ~ " the role suppressed in the seed "
            ~ "attribute_definitions."
        ) -}}
    {%- endif -%}
    {%- set names = run_query(
        "select distinct attribute from " ~ this ~ " order by attribute"
    ).columns[0].values() -%}
    {%- set specification = customer_value.input_specifications().customer_attributes -%}
    {%- for name in specification.reserved_names if name in names -%}
        {{- exceptions.raise_compiler_error(
            "An attribute cannot be called " ~ name ~ ", which is a grouping already: give "
            ~ "it another name in " ~ input ~ "."
        ) -}}
    {%- endfor -%}
    {{- customer_value.validate_cluster_features() -}}
    {%- for name in customer_value.cluster_attributes() -%}
        {%- set number = customer_value.try_cast("attribute_value", customer_value.type_double()) -%}
        {%- set values = run_query(
            "select count(" ~ number ~ "), count(attribute_value), min(case when " ~ number
            ~ " is null then attribute_value end) from " ~ this
            ~ " where exclusion_reason is null and attribute = " ~ customer_value.quoted_text(name)
        ).rows[0] -%}
        {%- if not values[0] -%}
            {{- exceptions.raise_compiler_error(
                "The var cluster_features names " ~ name ~ ", of which no customer has a number in "
                ~ input ~ "; its attributes are: " ~ names | join(", ") ~ "."
            ) -}}
        {%- elif values[0] < values[1] -%}
            {{- exceptions.raise_compiler_error(
                "The var cluster_features names " ~ name ~ ", which has " ~ (values[1] - values[0])
                ~ " values in " ~ input ~ " that are not numbers, such as " ~ values[2]
                ~ ": correct or empty them, or leave " ~ name ~ " out."
            ) -}}
        {%- endif -%}
    {%- endfor -%}
    {%- set fit_group = var("fit_group") or "" -%}
    {%- if fit_group not in ["", "customer_group"] and fit_group not in names -%}
        {{- exceptions.raise_compiler_error(
            "The var fit_group is " ~ fit_group ~ ", which is not an attribute of " ~ input
            ~ "; its attributes are: " ~ names | join(", ") ~ "."
        ) -}}
    {%- endif -%}
{% endmacro %}
