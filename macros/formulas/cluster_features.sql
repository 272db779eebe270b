{# What K-Means sees of a customer: name of the feature -> column that it is the logarithm of.
   Recency, orders and spend always, and what the var cluster_features names besides: columns of the
   customers' history, their use of the product, or attributes that are numbers. #}
{% macro cluster_features() %}
    {%- set features = {
        "recency": "recency_days",
        "frequency": "order_count",
        "monetary": "net_revenue",
    } -%}
    {%- for name in var("cluster_features") -%}
        {%- set is_attribute = name in customer_value.cluster_attributes() -%}
        {%- do features.update({"log_" ~ name: "attribute_" ~ name if is_attribute else name}) -%}
    {%- endfor -%}
    {{- return(features) -}}
{% endmacro %}


{# The columns of int_customer_snapshots that cluster_features may name. #}
{% macro cluster_behaviour_choices() %}
    {{- return([
        "average_order_value", "customer_age_days", "days_between_purchases_cv",
        "mean_days_between_purchases",
    ]) -}}
{% endmacro %}


{# Those that it names. #}
{% macro cluster_behaviours() %}
    {{- return(
        var("cluster_features") | select("in", customer_value.cluster_behaviour_choices()) | list
    ) -}}
{% endmacro %}


{# The columns of int_product_usage that cluster_features may name. #}
{% macro cluster_usage_choices() %}
    {{- return(["usage_active_days", "usage_core_actions", "usage_features"]) -}}
{% endmacro %}


{# Those that it names. #}
{% macro cluster_usages() %}
    {%- set names = var("cluster_features") | select("in", customer_value.cluster_usage_choices())
        | list -%}
    {%- if names and not (customer_value.is_on("events") and customer_value.input_value("events")) -%}
        {{- exceptions.raise_compiler_error(
            "The var cluster_features names " ~ names[0] ~ ", which is counted from events: list "
            ~ "events in the var modules and name the input by the var events, or leave it out."
        ) -}}
    {%- endif -%}
    {{- return(names) -}}
{% endmacro %}


{# All that cluster_features may name but attributes. #}
{% macro cluster_feature_choices() %}
    {{- return(
        customer_value.cluster_behaviour_choices() + customer_value.cluster_usage_choices()
    ) -}}
{% endmacro %}


{# The attributes that it names. #}
{% macro cluster_attributes() %}
    {{- return(
        var("cluster_features") | reject("in", customer_value.cluster_feature_choices()) | list
    ) -}}
{% endmacro %}


{# What it names that cluster_addition_rows has. The core alone reads no attributes: dbt would refuse a
   reference to them before wrong_modules can say so. #}
{% macro cluster_additions() %}
    {%- set attributes = customer_value.cluster_attributes() if customer_value.looks_back() else [] -%}
    {{- return(customer_value.cluster_usages() + attributes) -}}
{% endmacro %}


{# A feature as the logarithm of its column. Of the history a missing value is 0, as log_feature has
   it; of what is added it stays missing, and is neither high nor low: who bought once has no
   rhythm. #}
{% macro cluster_feature(column) -%}
    {%- if column in ["recency_days", "order_count", "net_revenue"] -%}
        {{ customer_value.log_feature(column) }}
    {%- else -%}
        case when {{ column }} is not null then {{ customer_value.log_feature(column) }} end
    {%- endif -%}
{%- endmacro %}


{# One row per customer with the attributes that cluster_features names, as numbers, and with the
   use of the product: of everybody where that is named. #}
{% macro cluster_addition_rows() -%}
    {{- customer_value.validate_cluster_features() -}}
    {%- set usages, attributes = customer_value.cluster_usages(), customer_value.cluster_attributes() -%}
    {%- set attribute_rows -%}
        select
            customer_id as added_customer_id
            {%- for name in attributes %},
            max(
                case
                    when attribute = {{ customer_value.quoted_text(name) }}
                        then {{ customer_value.try_cast(
                            "attribute_value", customer_value.type_double()
                        ) }}
                end
            ) as attribute_{{ name }}
            {%- endfor %}
        from {{ ref("customer_value", "int_customer_value__customer_attributes") }}
        where is_customer
        group by customer_id
    {%- endset -%}
    {%- if not usages -%}
        ({{ attribute_rows }})
    {%- else -%}
    (
        select
            product_usage.customer_id as added_customer_id
            {%- for name in usages %},
            product_usage.{{ name }}
            {%- endfor %}
            {%- for name in attributes %},
            attributes.attribute_{{ name }}
            {%- endfor %}
        from {{ ref("customer_value", "int_customer_value__product_usage") }} as product_usage
        {%- if attributes %}
        left join ({{ attribute_rows }}) as attributes
            on product_usage.customer_id = attributes.added_customer_id
        {%- endif %}
    )
    {%- endif -%}
{%- endmacro %}
