{%- set features = propensity_features() %}
with

selected as (

    select distinct
        target,
        model
    from {{ ref("fit_propensity") }}
    where is_selected and part = 'finding'

),

linear_models as (

    select * from {{ ref("int_propensity_linear_models") }}

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
    from {{ ref("int_propensity_features") }}
    where is_current

),

attribute_coefficients as (

    select
        target,
        model,
        feature,
        feature_value,
        estimate / feature_deviation as slope,
        feature_mean
    from {{ ref("fit_propensity") }}
    where part = 'coefficient' and feature_value is not null

),

attributes as (

    select
        customer_id,
        attribute,
        attribute_value
    from {{ ref("int_propensity_attributes") }}

),

tree_scores as (

    select
        target,
        model,
        {% for i in [1, 2, 3] %}
            reason_{{ i }},
            contribution_{{ i }},
        {% endfor %}
        customer_id
    from {{ ref("score_propensity") }}
    where propensity_role = 'current'

),

-- A linear score is the sum of these, so each is its feature's exact part in it,
-- against a customer who is average in all.
contributions as (
    {% for feature in features %}
        select
            in_use.target,
            in_use.model,
            current_rows.customer_id,
            '{{ feature }}' as feature,
            in_use.calibration_slope
            * in_use.{{ feature }}_slope
            * (current_rows.{{ feature }} - in_use.{{ feature }}_mean) as contribution
        from current_rows
        cross join in_use
        where in_use.{{ feature }}_slope is not null
        union all
    {% endfor %}
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
    where round(contribution, 9) != 0

),

reasons as (

    select
        target,
        model,
        customer_id,
        feature,
        contribution,
        reason_rank
    from placed
    where reason_rank <= 3
    {% for i in [1, 2, 3] %}
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
