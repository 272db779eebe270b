{%- set measures = [
    "order_count", "repeat_count", "net_revenue", "mean_repeat_value",
    "average_order_value", "recency_days", "last_purchase_age_days",
    "customer_age_days", "mean_days_between_purchases", "days_between_purchases_cv",
    "r_score", "f_score", "m_score", "is_current", "as_of_date",
] %}
-- The features of a date use nothing that happened after it.
with

observations as (

    select distinct
        customer_id,
        as_of_date
    from {{ ref("int_customer_value__propensity_observations") }}
    where target in ('purchase', 'response')

),

scores as (

    select
        {% for measure in measures %}
            {{ measure }},
        {% endfor %}
        customer_id
    from {{ ref("int_customer_value__customer_scores") }}

),

purchase_days as (

    select
        customer_id,
        spend,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

role_dates as (

    select
        max(case when as_of_role = 'calibration' then as_of_date end)
            as calibration_date,
        max(case when as_of_role = 'current' then as_of_date end) as last_as_of_date
    from {{ ref("int_customer_value__as_of_dates") }}

),

purchase_parameters as (

    select
        max(model) as model,
        max(r) as r,
        max(alpha) as alpha,
        max(a) as a,
        max(b) as b,
        max(dropout) as dropout
    from {{ ref("int_customer_value__forecast_parameters") }}
    where as_of_role = 'calibration' and model = 'bg_nbd'

),

populations as (

    select max(customer_count) as population_count
    from {{ ref("int_customer_value__populations") }}
    where as_of_role = 'current'

),

{% if is_on("subscriptions") %}
    -- A customer of the shop and a subscriber may be one, and need not.
    renewal_features as (

        select
            customer_id,
            {% for feature in renewal_features() %}
                {{ feature }},
            {% endfor %}
            batch_number,
            is_current,
            as_of_date
        from {{ ref("int_customer_value__renewal_features") }}

    ),

{% endif -%}
-- Everybody today, and the observations that are learned from.
wanted_scores as (

    select scores.*
    from scores
    left join observations
        on
            scores.customer_id = observations.customer_id
            and scores.as_of_date = observations.as_of_date
    where scores.is_current or observations.customer_id is not null

),

dated_days as (

    select
        purchase_days.customer_id,
        purchase_days.spend,
        purchase_days.purchase_date,
        role_dates.last_as_of_date as as_of_date
    from purchase_days
    cross join role_dates
    union all
    select
        purchase_days.customer_id,
        purchase_days.spend,
        purchase_days.purchase_date,
        observations.as_of_date
    from purchase_days
    inner join observations on purchase_days.customer_id = observations.customer_id

),

trends as (

    select
        customer_id,
        as_of_date,
        {{ purchase_trend_columns("as_of_date", days="") }}
    from dated_days
    where
        as_of_date >= purchase_date
        and {{ date_add_days(
            "as_of_date", "-2 * " ~ var("activity_days")
        ) }} < purchase_date
    group by customer_id, as_of_date

),

with_parameters as (

    select
        wanted_scores.*,
        trends.recent_purchase_count,
        trends.recent_spend,
        trends.previous_purchase_count,
        trends.previous_spend,
        purchase_parameters.*,
        role_dates.calibration_date,
        cast(null as {{ type_double() }}) as alive_if_silent,
        populations.population_count
    from wanted_scores
    cross join populations
    cross join role_dates
    cross join purchase_parameters
    left join trends
        on
            wanted_scores.customer_id = trends.customer_id
            and wanted_scores.as_of_date = trends.as_of_date

),

with_model as (

    select
        *,
        case
            when r is not null and as_of_date >= calibration_date
                then
                    {{ probability_alive() }}
                    * (
                        1 - power(
                            (alpha + customer_age_days)
                            / (alpha + customer_age_days + {{ var("activity_days") }}),
                            r + repeat_count
                        )
                    )
        end as model_probability
    from with_parameters

),

features as (

    select
        ---------- ids
        customer_id,

        ---------- numerics
        {{ purchase_feature_columns() }},
        cast(r_score as {{ type_double() }}) as r_score,
        cast(f_score as {{ type_double() }}) as f_score,
        cast(m_score as {{ type_double() }}) as m_score,
        {{ log_odds("model_probability") }} as model_log_odds,
        {{ score_batch("customer_id", "population_count") }} as batch_number,

        ---------- booleans
        is_current,

        ---------- dates
        as_of_date
    from with_model

),

features_of_all as (
    {% if is_on("subscriptions") %}
        select
            ---------- ids
            coalesce(features.customer_id, renewal_features.customer_id) as customer_id,

            ---------- numerics
            {% for feature in propensity_features() %}
                {{ "renewal_" if feature in renewal_features() }}features.{{ feature }},
            {% endfor %}
            coalesce(features.batch_number, renewal_features.batch_number)
                as batch_number,

            ---------- booleans
            coalesce(features.is_current, renewal_features.is_current) as is_current,

            ---------- dates
            coalesce(features.as_of_date, renewal_features.as_of_date) as as_of_date
        from features
        full outer join renewal_features
            on
                features.customer_id = renewal_features.customer_id
                and features.as_of_date = renewal_features.as_of_date
    {% else %}
        select * from features
    {% endif %}
)

select * from features_of_all
