{#- The metastore of Spark may keep no view of more than 32,700 letters. -#}
{{ config(materialized="table" if target.type in ["spark", "databricks"] else "view") }}

{%- set features = propensity_features() | sort -%}
{%- set places = [1, 2, 3] -%}
{#- Without attributes the three of a row are placed among one another as they are. -#}
{%- set has_attributes = input_value("customer_attributes") != "" %}
with

selected as (

    select distinct
        target,
        model
    from {{ ref("fit_customer_value__propensity") }}
    where is_selected and part = 'finding'

),

linear_models as (

    select * from {{ ref("int_customer_value__propensity_linear_models") }}

),

in_use as (

    select linear_models.*
    from linear_models
    inner join selected
        on
            linear_models.target = selected.target
            and linear_models.model = selected.model

),

current_rows as (

    select
        {% for feature in features %}
            {{ feature }},
        {% endfor %}
        customer_id
    from {{ ref("int_customer_value__propensity_features") }}
    where is_current

),
{% if has_attributes %}
    attribute_coefficients as (

        select
            target,
            model,
            feature,
            feature_value,
            estimate / feature_deviation as slope,
            feature_mean
        from {{ ref("fit_customer_value__propensity") }}
        where part = 'coefficient' and feature_value is not null

    ),

    attributes as (

        select
            customer_id,
            attribute,
            attribute_value
        from {{ ref("int_customer_value__propensity_attributes") }}

    ),
{% endif %}
tree_scores as (

    select
        target,
        model,
        {% for i in places %}
            reason_{{ i }},
            contribution_{{ i }},
        {% endfor %}
        customer_id
    from {{ ref("score_customer_value__propensity") }}
    where propensity_role = 'current'

),

-- A linear score is the sum of these, so each is its feature's exact part in it,
-- against a customer who is average in all.
parts as (

    select
        {% for feature in features %}
            coalesce(
                in_use.calibration_slope
                * in_use.{{ feature }}_slope
                * (current_rows.{{ feature }} - in_use.{{ feature }}_mean),
                0
            ) as {{ feature }},
        {% endfor %}
        in_use.target,
        in_use.model,
        current_rows.customer_id
    from current_rows
    cross join in_use

),

sizes as (

    select
        {% for feature in features %}
            {{ feature }},
            abs(round({{ feature }}, 9)) as {{ feature }}_size,
        {% endfor %}
        target,
        model,
        customer_id
    from parts

),

-- Everybody's features are ranked within the row: as rows of their own they would be
-- many times the customers to sort.
ranked as (

    select
        {% for feature in features %}
            {{ feature }},
            {{ size_rank(feature, features) }} as {{ feature }}_rank,
        {% endfor %}
        {% if not has_attributes -%}
            {% for feature in features -%}
                case when {{ feature }}_size > 0 then 1 else 0 end
                {{- " +" if not loop.last }}
            {% endfor %} as reason_count,
        {%- endif %}
        target,
        model,
        customer_id
    from sizes

),

strongest as (

    select
        {% for place in places %}
            case
                {% for feature in features %}
                    when {{ feature }}_rank = {{ place }} then '{{ feature }}'
                {% endfor %}
            end as feature_{{ place }},
            case
                {% for feature in features %}
                    when {{ feature }}_rank = {{ place }} then {{ feature }}
                {% endfor %}
            end as contribution_{{ place }},
        {% endfor %}
        {% if not has_attributes -%}
            reason_count,
        {%- endif %}
        target,
        model,
        customer_id
    from ranked

),

-- By the count, since planners would rank everything again to look at what is chosen.
feature_reasons as (
    {% for place in places %}
        select
            target,
            model,
            customer_id,
            feature_{{ place }} as feature,
            contribution_{{ place }} as contribution,
            {{ place }} as reason_rank
        from strongest
        {% if not has_attributes -%}
            where reason_count >= {{ place }}
        {%- endif %}
        {{ "union all" if not loop.last }}
    {% endfor %}
),
{% if has_attributes %}
    attribute_reasons as (

        select
            in_use.target,
            in_use.model,
            current_rows.customer_id,
            attribute_coefficients.feature,
            {{ exact_sum(
                "in_use.calibration_slope * attribute_coefficients.slope * ("
                ~ "case when attributes.attribute_value = attribute_coefficients.feature_value "
                ~ "then 1 else 0 end - attribute_coefficients.feature_mean)"
            ) }} as contribution
        from current_rows
        cross join in_use
        inner join attribute_coefficients
            on
                in_use.target = attribute_coefficients.target
                and in_use.model = attribute_coefficients.model
        left join attributes
            on
                current_rows.customer_id = attributes.customer_id
                and attribute_coefficients.feature = attributes.attribute
        group by
            in_use.target,
            in_use.model,
            current_rows.customer_id,
            attribute_coefficients.feature

    ),

    contributions as (

        select
            target,
            model,
            customer_id,
            feature,
            contribution
        from feature_reasons
        union all
        select
            target,
            model,
            customer_id,
            feature,
            contribution
        from attribute_reasons

    ),

    placed as (

        select
            target,
            model,
            customer_id,
            feature,
            contribution,
            row_number() over (
                partition by target, customer_id
                order by abs(round(contribution, 9)) desc, feature asc
            ) as reason_rank
        from contributions

    ),
{% endif %}
reasons as (

    select
        target,
        model,
        customer_id,
        feature,
        contribution,
        reason_rank
    from {{ "placed" if has_attributes else "feature_reasons" }}
    {% if has_attributes -%}
        where reason_rank <= {{ places | length }} and round(contribution, 9) != 0
    {%- endif %}
    {% for i in places %}
        union all
        select
            target,
            model,
            customer_id,
            reason_{{ i }} as feature,
            contribution_{{ i }} as contribution,
            {{ i }} as reason_rank
        from tree_scores
        where reason_{{ i }} is not null
    {% endfor %}

)

select * from reasons
