{# The ways to divide the customers whose groups are portrayed: name of the grouping -> column of
   `customers`. #}
{% macro customer_groupings() %}
    {{- return({
        "segment": "segment",
        "value_tier": "value_tier",
        "cluster": "cluster_name",
    }) -}}
{% endmacro %}


{# Whether a grouping was made from an attribute, so that its groups differ in it whoever the
   customers are: a test would prove nothing. The names of what all groups are made from count as
   that, and the attribute whose groups have purchase models of their own made the tiers. #}
{% macro is_grouping_input(grouping_name, attribute) -%}
    (
        lower({{ attribute }}) in (
            'recency_days', 'order_count', 'net_revenue', 'recency', 'frequency', 'monetary'
        )
        {% for name in var("cluster_features") -%}
            or (
                {{ grouping_name }} = 'cluster'
                and lower({{ attribute }}) = {{ quoted_text(name | lower) }}
            )
        {% endfor -%}
        or (
            {{ grouping_name }} = 'value_tier'
            and lower({{ attribute }}) = {{ quoted_text(var("fit_group") | lower) }}
        )
    )
{%- endmacro %}


{# The effect of a test as one number between 0 and 1, comparable between tests: Cramér's V, or the
   root of a share of the variance, both less what chance alone gives. From 0.1 on, small in the words
   of Cohen (1988), a difference is worth naming. #}
{% macro comparable_effect(test, corrected_effect_size) -%}
    case
        when {{ test }} = 'chi-square' then {{ corrected_effect_size }}
        else sqrt({{ corrected_effect_size }})
    end
{%- endmacro %}
