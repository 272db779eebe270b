with

observations as (

    select
        observation_id,
        customer_id,
        target,
        fold,
        label,
        sample_weight,
        as_of_date
    from {{ ref("int_customer_value__propensity_observations") }}

),

features as (

    select
        customer_id,
        {% for feature in propensity_features() %}
            {{ feature }},
        {% endfor %}
        as_of_date
    from {{ ref("int_customer_value__propensity_features") }}

),

sample_rows as (

    select
        ---------- ids
        observations.observation_id,
        observations.customer_id,

        ---------- strings
        observations.target,
        observations.fold,

        ---------- numerics
        {% for feature in propensity_features() %}
            features.{{ feature }},
        {% endfor %}
        observations.label,
        observations.sample_weight,

        ---------- dates
        observations.as_of_date
    from observations
    inner join features
        on
            observations.customer_id = features.customer_id
            and observations.as_of_date = features.as_of_date

)

select * from sample_rows
