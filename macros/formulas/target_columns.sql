{# The columns of `customers` that a target may name: name -> number, or text for everything
   else (a date as text sorts as a date). A list of its own, since a unit test cannot look
   at the contract; a test holds the two together. #}
{% macro target_columns() %}
    {%- set columns = {} -%}
    {%- for name in [
            "customer_id", "rfm_code", "segment", "previous_segment", "cluster_name",
            "value_tier", "value_model", "recommended_action", "is_spend_outlier", "as_of_date",
            "first_purchase_date", "last_purchase_date", "segment_changed_since"
    ] -%}
        {%- do columns.update({name: "text"}) -%}
    {%- endfor -%}
    {%- for name in [
            "cluster_id", "r_score", "f_score", "m_score", "order_count", "purchase_day_count",
            "repeat_count", "net_revenue", "mean_repeat_value", "average_order_value",
            "recency_days", "last_purchase_age_days", "customer_age_days",
            "mean_days_between_purchases", "days_between_purchases_cv", "probability_alive",
            "probability_active_90d", "expected_purchases_90d", "expected_purchases_365d",
            "expected_purchase_value", "lifetime_value_365d", "lifetime_value_percentile",
            "purchase_propensity_90d", "action_priority"
    ] -%}
        {%- do columns.update({name: "number"}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}


{# Conditions that one intervention may have; each is a slot of its row. #}
{% macro most_target_conditions() %}
    {{- return(5) -}}
{% endmacro %}


{% macro target_operators() %}
    {{- return(
        ["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is null", "is not null"]
    ) -}}
{% endmacro %}


{# The conditions of an intervention side by side, over rows numbered by `place`. #}
{% macro target_slots() -%}
    {% for slot in range(1, most_target_conditions() + 1) %}
        {% for name in ["column_name", "operator", "value"] %}
            max(case when place = {{ slot }} then {{ name }} end) as {{ name }}_{{ slot }},
        {% endfor %}
        max(case when place = {{ slot }} then {{ try_cast("value", type_double()) }} end)
            as number_{{ slot }}
        {{- "," if not loop.last }}
    {% endfor %}
{%- endmacro %}


{# What a customer has in the column that each slot names: as text or as a number. #}
{% macro target_slot_values() -%}
    {% for slot in range(1, most_target_conditions() + 1) %}
        {% for kind in ["text", "number"] %}
            case column_name_{{ slot }}
                {% for name, column_kind in target_columns().items() if column_kind == kind -%}
                    when '{{ name }}' then cast(
                        {{ name }} as {{ dbt.type_string() if kind == "text" else type_double() }}
                    )
                {% else -%}
                    when '' then null
                {% endfor -%}
            end as {{ kind }}_value_{{ slot }}
            {{- "," if kind == "text" }}
        {% endfor %}
        {{- "," if not loop.last }}
    {% endfor %}
{%- endmacro %}


{# True where every condition holds; a value that is missing fits `is null` only. #}
{% macro target_conditions_hold() -%}
    {% for slot in range(1, most_target_conditions() + 1) %}
        {%- set text, number = "text_value_" ~ slot, "number_value_" ~ slot -%}
        {%- set listed = dbt.position(
            "concat('|', " ~ text ~ ", '|')", "concat('|', value_" ~ slot ~ ", '|')"
        ) -%}
        case operator_{{ slot }}
            {% for operator in ["=", "!=", "<", "<=", ">", ">="] -%}
                when '{{ operator }}'
                    then coalesce(
                        {{ text }} {{ operator }} value_{{ slot }},
                        {{ number }} {{ operator }} number_{{ slot }},
                        false
                    )
            {% endfor -%}
            when 'in' then {{ text }} is not null and {{ listed }} > 0
            when 'not in' then {{ text }} is not null and {{ listed }} = 0
            when 'is null' then {{ text }} is null and {{ number }} is null
            when 'is not null' then {{ text }} is not null or {{ number }} is not null
            else true
        end
        {{- " and " if not loop.last }}
    {% endfor %}
{%- endmacro %}


{# The conditions of an intervention as text; `||` with a slot that is not used is null. #}
{% macro target_text() -%}
    concat(
        {% for slot in range(1, most_target_conditions() + 1) %}
            coalesce(
                '{{ " and " if slot > 1 }}' || column_name_{{ slot }}
                || ' ' || operator_{{ slot }}, ''
            ),
            coalesce(' ' || value_{{ slot }}, '')
            {{- "," if not loop.last }}
        {% endfor %}
    )
{%- endmacro %}
