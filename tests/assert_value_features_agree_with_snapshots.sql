{{ config(enabled=is_on("validation")) }}
{% call where_built() %}
-- Learners of value see customers on dates that have no snapshot, so their features are
-- computed apart: on a date that has one, both must say the same of what is not counted
-- over the look-back.
with

observations as (

    select
        customer_id,
        recency_days,
        customer_age_days,
        mean_repeat_value,
        average_order_value,
        mean_days_between_purchases,
        days_between_purchases_cv,
        as_of_date
    from {{ ref("int_customer_value__value_observations") }}
    where fold != 'training'

),

snapshots as (

    select
        customer_id,
        recency_days,
        customer_age_days,
        mean_repeat_value,
        average_order_value,
        mean_days_between_purchases,
        days_between_purchases_cv,
        as_of_date
    from {{ ref("int_customer_value__customer_snapshots") }}
    where is_current or is_calibration

)

select
    observations.customer_id,
    observations.as_of_date
from observations
left join snapshots
    on
        observations.customer_id = snapshots.customer_id
        and observations.as_of_date = snapshots.as_of_date
where
    snapshots.customer_id is null
    or abs(
        observations.days_between_purchases_cv
        - coalesce(snapshots.days_between_purchases_cv, 0)
    ) > 1e-9
    {% for column in [
        "recency_days",
        "customer_age_days",
        "mean_repeat_value",
        "average_order_value",
        "mean_days_between_purchases",
    ] %}
        or abs(
            observations.{{ column }} - {{ log_feature("snapshots." ~ column) }}
        ) > 1e-9
    {% endfor %}
{% endcall %}
