{# Stops where an intervention's numbers cannot be, or its target names what is not there. #}
{% macro require_interventions() %}
    {%- if not execute or flags.EMPTY -%}{{- return("") -}}{%- endif -%}
    {%- set key = "coalesce(intervention, 'a row without a name')" -%}
    {%- set share = "a share from 0 to 1" -%}
    {%- set query -%}
        {{ repeated_row_sentences("interventions", key) }}
        {% for column in ["cost_per_customer", "fixed_cost"] %}
            union all
            {{ range_sentences("interventions", key, column, 0, none, "0 or more") }}
        {% endfor %}
        {% for column in ["reach_share", "effect_low", "effect_base", "effect_high"] %}
            union all
            {{ range_sentences("interventions", key, column, 0, 1, share) }}
        {% endfor %}
        union all
        {{ range_sentences(
            "interventions", key, "lead_time_days", 0, 3650, "a number of days, 0 to 3650"
        ) }}
        union all
        select
            concat(
                'The seed interventions has the effects of ', {{ key }},
                ' in another order than low, base, high: the low one must be the smallest.'
            ) as sentence
        from {{ ref("customer_value__interventions") }}
        where effect_low > effect_base or effect_base > effect_high
        union all
        select
            concat(
                'The seed interventions has effect_basis ', coalesce(effect_basis, 'empty'),
                ' for ', {{ key }}, ': it must be purchases or reactivations.'
            ) as sentence
        from {{ ref("customer_value__interventions") }}
        where coalesce(effect_basis, '') not in ('purchases', 'reactivations')
        union all
        select
            concat(
                'The seed interventions has no source for ', {{ key }},
                ': say where its numbers come from, or example.'
            ) as sentence
        from {{ ref("customer_value__interventions") }}
        where nullif(trim(source), '') is null
    {%- endset -%}
    {{- customer_value.stop_with_sentence(query) -}}
    {{- customer_value.require_intervention_targets() -}}
{% endmacro %}


{% macro require_intervention_targets() %}
    {%- set names = run_query(
        "select distinct intervention from " ~ ref("customer_value__interventions") ~ " order by intervention"
    ).columns[0].values() | list -%}
    {%- set rows = run_query(
        "select intervention, column_name, operator, value from " ~ ref("customer_value__intervention_targets")
        ~ " order by intervention, column_name, operator, value"
    ).rows -%}
    {%- set columns = customer_value.target_columns() -%}
    {%- set counts = {} -%}
    {%- for row in rows -%}
        {%- set name, column = row[0], (row[1] or "") | trim | lower -%}
        {%- set operator, value = (row[2] or "") | trim | lower, (row[3] or "") | string | trim -%}
        {%- set place = "The seed intervention_targets has for " ~ name ~ " the " -%}
        {%- do counts.update({name: counts.get(name, 0) + 1}) -%}
        {%- if name not in names -%}
            {{- exceptions.raise_compiler_error(
                "The seed intervention_targets names the intervention " ~ name
                ~ ", and the seed interventions has none of this name: correct one of them."
            ) -}}
        {%- elif counts[name] > customer_value.most_target_conditions() -%}
            {{- exceptions.raise_compiler_error(
                "The seed intervention_targets has more than "
                ~ customer_value.most_target_conditions() ~ " conditions for " ~ name
                ~ ": write several values of a column as one condition with in."
            ) -}}
        {%- elif column not in columns -%}
            {{- exceptions.raise_compiler_error(
                place ~ "column " ~ column ~ ", and customers has none of this name; its "
                ~ "columns are: " ~ columns.keys() | join(", ") ~ "."
            ) -}}
        {%- elif operator not in customer_value.target_operators() -%}
            {{- exceptions.raise_compiler_error(
                place ~ "operator " ~ operator ~ "; the operators are: "
                ~ customer_value.target_operators() | join(", ") ~ "."
            ) -}}
        {%- endif -%}
        {%- if operator not in ["is null", "is not null"] -%}
            {{- customer_value.require_target_value(
                place, column, columns[column], operator, value
            ) -}}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in names if name not in counts -%}
        {{- exceptions.raise_compiler_error(
            "The seed intervention_targets has no row for " ~ name ~ ": say whom it targets; "
            ~ "customer_id is not null is everybody."
        ) -}}
    {%- endfor -%}
{% endmacro %}


{% macro require_target_value(place, column, kind, operator, value) %}
    {%- set known = {
        "segment": "segment from " ~ ref("customer_value__segments"),
        "cluster_name": "cluster_name from " ~ ref("customer_value__cluster_labels"),
    } -%}
    {%- if value == "" -%}
        {{- exceptions.raise_compiler_error(
            place ~ "condition " ~ column ~ " " ~ operator ~ " without a value: give one, or "
            ~ "write is null."
        ) -}}
    {%- elif kind == "number" and operator in ["in", "not in"] -%}
        {{- exceptions.raise_compiler_error(
            place ~ "condition " ~ column ~ " " ~ operator ~ " on a number: write it with "
            ~ "=, >= and <=."
        ) -}}
    {%- elif kind == "number"
        and not modules.re.match("^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$", value) -%}
        {{- exceptions.raise_compiler_error(
            place ~ "value " ~ value ~ " for " ~ column ~ ", which is a number: write one such "
            ~ "as 12.5."
        ) -}}
    {%- elif column in ["segment", "cluster_name", "value_tier"]
        and operator in ["=", "!=", "in", "not in"] -%}
        {%- if column == "value_tier" -%}
            {%- set choices = customer_value.value_tiers() -%}
        {%- else -%}
            {%- set choices = run_query("select " ~ known[column]).columns[0].values() | list -%}
        {%- endif -%}
        {%- for part in value.split("|") -%}
            {%- set part = modules.re.sub(" [0-9]+$", "", part) if column == "cluster_name" else part -%}
            {%- if part not in choices -%}
                {{- exceptions.raise_compiler_error(
                    place ~ column ~ " " ~ part ~ ", and there is none of this name; there are: "
                    ~ choices | join(", ") ~ "."
                ) -}}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
