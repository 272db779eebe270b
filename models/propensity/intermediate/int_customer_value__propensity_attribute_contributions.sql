-- The values of an attribute count together: what the customer's own value adds, minus
-- what the values of all customers add on average.
with

fitted as (

    select
        target,
        model,
        kind,
        feature,
        feature_value,
        estimate,
        feature_mean,
        feature_deviation,
        is_selected
    from {{ ref("fit_customer_value__propensity") }}
    where kind in ('coefficient', 'scaling') and model = 'logistic_regression'

),

features as (

    select
        customer_id,
        {% if is_on("subscriptions") -%}
            recency_days is not null as is_customer,
            subscription_renewals_paid is not null as is_subscriber,
        {%- endif %}
        is_current
    from {{ ref("int_customer_value__propensity_features") }}

),

attributes as (

    select
        customer_id,
        attribute,
        case when is_number then '(number)' else attribute_value end
            as feature_value,
        attribute_number
    from {{ ref("int_customer_value__propensity_attributes") }}

),

scalings as (

    select
        target,
        model,
        max(estimate) as scaling_slope
    from fitted
    where kind = 'scaling' and feature = 'slope'
    group by target, model

),

value_slopes as (

    select
        fitted.target,
        fitted.model,
        fitted.feature,
        fitted.feature_value,
        fitted.feature_mean,
        fitted.is_selected,
        scalings.scaling_slope * fitted.estimate / fitted.feature_deviation as slope
    from fitted
    inner join scalings
        on fitted.target = scalings.target and fitted.model = scalings.model
    where fitted.feature_value is not null

),

averages as (

    select
        target,
        model,
        feature,
        {{ exact_sum("slope * feature_mean") }} as average_contribution,
        max(case when feature_value = '(number)' then 1 else 0 end) = 1 as is_number,
        max(case when is_selected then 1 else 0 end) = 1 as is_selected
    from value_slopes
    group by target, model, feature

),

customers as (

    select
        customer_id,
        {% if is_on("subscriptions") -%}
            max(case when is_customer then 1 else 0 end) = 1 as is_customer,
            max(case when is_subscriber then 1 else 0 end) = 1 as is_subscriber,
        {%- endif %}
        max(case when is_current then 0 else 1 end) = 1 as is_sampled
    from features
    group by customer_id

),

attribute_contributions as (

    select
        ---------- ids
        customers.customer_id,

        ---------- strings
        averages.target,
        averages.model,
        averages.feature,

        ---------- numerics
        -- A number that is not known counts as the mean.
        case
            when averages.is_number
                then
                    coalesce(
                        value_slopes.slope
                        * (attributes.attribute_number - value_slopes.feature_mean),
                        0
                    )
            else coalesce(value_slopes.slope, 0) - averages.average_contribution
        end as contribution,

        ---------- booleans
        averages.is_selected
    from customers
    cross join averages
    left join attributes
        on
            customers.customer_id = attributes.customer_id
            and averages.feature = attributes.attribute
    left join value_slopes
        on
            averages.target = value_slopes.target
            and averages.model = value_slopes.model
            and averages.feature = value_slopes.feature
            and attributes.feature_value = value_slopes.feature_value
    where
        (customers.is_sampled or averages.is_selected)
        and {{ is_of_target(
            "averages.target", "customers.is_subscriber", "customers.is_customer"
        ) }}

)

select * from attribute_contributions
