{# What K-Means sees of a customer: name of the feature -> column that it is the logarithm of.
   Recency, orders and spend always, and what the var cluster_features names besides: columns of the
   customers' history, or attributes that are numbers. #}
{% macro cluster_features() %}
    {%- set features = {
        "recency": "recency_days",
        "frequency": "order_count",
        "monetary": "net_revenue",
    } -%}
    {%- for name in var("cluster_features") -%}
        {%- set is_behaviour = name in customer_value.cluster_behaviour_choices() -%}
        {%- do features.update({"log_" ~ name: name if is_behaviour else "attribute_" ~ name}) -%}
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


{# The attributes that it names. #}
{% macro cluster_attributes() %}
    {{- return(
        var("cluster_features") | reject("in", customer_value.cluster_behaviour_choices()) | list
    ) -}}
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


{# One row per customer with the attributes that cluster_features names, as numbers. #}
{% macro cluster_attribute_rows() -%}
    {{- customer_value.validate_cluster_features() -}}
    (
        select
            customer_id as answering_customer_id
            {%- for name in customer_value.cluster_attributes() %},
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
    )
{%- endmacro %}
