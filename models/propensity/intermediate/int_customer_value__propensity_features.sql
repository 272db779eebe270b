{%- set is_ranked = var("rfm_scoring") == "ntile" -%}
{%- set snapshot_measures = [
    "order_count", "repeat_count", "net_revenue", "mean_repeat_value",
    "average_order_value", "recency_days", "last_purchase_age_days",
    "customer_age_days", "mean_days_between_purchases", "days_between_purchases_cv",
    "is_current", "as_of_date",
] -%}
{%- set measures = snapshot_measures + ["r_score", "f_score", "m_score"] -%}
{%- set past_measures = measures if is_ranked else snapshot_measures %}
-- Nothing here looks past the as-of date.
with

observations as (

    select distinct
        customer_id,
        as_of_date
    from {{ ref("int_customer_value__propensity_observations") }}

),

current_scores as (

    select
        {% for measure in measures %}
            {{ measure }},
        {% endfor %}
        customer_id
    from {{ ref("int_customer_value__customer_scores") }}
    where is_current

),

past_rows as (

    select
        {% for measure in past_measures %}
            {{ measure }},
        {% endfor %}
        customer_id
    from {{ ref(
        "int_customer_value__customer_scores" if is_ranked
        else "int_customer_value__customer_snapshots"
    ) }}
    where not is_current

),

observed_rows as (

    select past_rows.*
    from past_rows
    inner join observations
        on
            past_rows.customer_id = observations.customer_id
            and past_rows.as_of_date = observations.as_of_date

),
{% if not is_ranked %}
    boundaries as (

        select
            as_of_date as boundary_date,
            {{ score_boundary_columns() }}
        from {{ ref("int_customer_value__score_boundaries") }}

    ),

    bounded_rows as (

        select
            observed_rows.*,
            boundaries.*
        from observed_rows
        left join boundaries on observed_rows.as_of_date = boundaries.boundary_date

    ),
{% endif %}
-- Only a rank takes everybody: boundaries are enough to score a few.
observed_scores as (
    {% if is_ranked -%}
        select * from observed_rows
    {%- else -%}
        select
            {% for measure in past_measures %}
                {{ measure }},
            {% endfor %}
            {{ rfm_score("recency_days", "desc") }} as r_score,
            {{ rfm_score("order_count", "asc") }} as f_score,
            {{ rfm_score("net_revenue", "asc") }} as m_score,
            customer_id
        from bounded_rows
    {%- endif %}
),

purchase_days as (

    select
        customer_id,
        spend,
        purchase_date
    from {{ ref("int_customer_value__purchase_days") }}

),

current_dates as (

    select as_of_date
    from {{ ref("int_customer_value__propensity_dates") }}
    where propensity_role = 'current'

),

calibration_dates as (

    select max(as_of_date) as calibration_date
    from {{ ref("int_customer_value__as_of_dates") }}
    where as_of_role = 'calibration'

),

purchase_parameters as (

    select
        max(model) as model,
        {{ purchase_parameter_columns() }}
    from {{ ref("fit_customer_value__purchase_models") }}
    where as_of_role = 'calibration' and model = 'bg_nbd'

),

populations as (

    select max(customer_count) as population_count
    from {{ ref("int_customer_value__populations") }}
    where as_of_role = 'current'

),

wanted as (

    select * from current_scores
    union all
    select * from observed_scores

),

dated_days as (

    select
        purchase_days.customer_id,
        purchase_days.spend,
        purchase_days.purchase_date,
        current_dates.as_of_date
    from purchase_days
    cross join current_dates
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

joined as (

    select
        wanted.*,
        trends.recent_purchase_count,
        trends.recent_spend,
        trends.previous_purchase_count,
        trends.previous_spend,
        purchase_parameters.*,
        calibration_dates.calibration_date,
        cast(null as {{ type_double() }}) as pareto_nbd_probability_alive,
        populations.population_count
    from wanted
    cross join populations
    cross join calibration_dates
    cross join purchase_parameters
    left join trends
        on
            wanted.customer_id = trends.customer_id
            and wanted.as_of_date = trends.as_of_date

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
    from joined

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
        ln(
            case
                when model_probability < 1e-6 then 1e-6
                when model_probability > 1 - 1e-6 then 1 - 1e-6
                else model_probability
            end
            / (
                1 - case
                    when model_probability < 1e-6 then 1e-6
                    when model_probability > 1 - 1e-6 then 1 - 1e-6
                    else model_probability
                end
            )
        ) as model_log_odds,
        {{ score_batch("customer_id", "population_count") }} as batch_number,

        ---------- booleans
        is_current,

        ---------- dates
        as_of_date
    from with_model

)

select * from features
